"""How much Hypothesis tries: little by default, much under CI, or where `HYPOTHESIS_PROFILE=ci` asks for it;
and a browser."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import browser  # noqa: F401

settings.register_profile("default", max_examples=300, deadline=None)
settings.register_profile(
    "ci", max_examples=1000, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("few", max_examples=40, deadline=None, derandomize=True, database=None)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
settings.load_profile(PROFILE)


@pytest.fixture(scope="session")
def round_trips() -> int:
    """How many round trips the property test has to make."""
    return {"ci": 10_000, "few": 150}.get(PROFILE, 300)
