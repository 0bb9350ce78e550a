"""How nbval compares a lesson's stored outputs with new ones.

nbval alone never compares pictures, is stopped by the last digit of a float, and runs cells so that a
trailing `;` does not silence them. Here floats may differ by 1 in 10,000, pictures by a root mean square of 2
grey levels, and what is printed with a unit of time is not compared. `tests/workbook/test_every_lesson.py`
demands what nbval does not: outputs, order, sizes.
"""

import base64
import copy
import io
import re

import numpy as np

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?(?![\w])")
VARIABLE = {
    r"0x[0-9a-f]{6,}": "0xADDRESS",
    r"\S*ipykernel_\d+/\d+\.py": "CELL",
    r"\b\d+(\.\d+)? ?(ns|µs|μs|us|ms|s|min|it/s|s/it|images/s)\b": "TIME",
    r"\d\d:\d\d(<\d\d:\d\d)?": "CLOCK",
}
LIMIT = 2.0  # a changed title moves the RMS by 6; an unchanged figure comes out at 0.0


def snap(stored: str, new: str) -> str:
    """`new`, each of its floats that is close to its counterpart in `stored` written as there."""
    floats = NUMBER.findall(stored)
    if len(floats) != len(NUMBER.findall(new)):
        return new
    rest = iter(floats)

    def one(match):
        other = next(rest)
        close = np.isclose(
            float(match[0].replace(",", "")), float(other.replace(",", "")), rtol=1e-4, atol=1e-6
        )
        return other if close else match[0]

    return NUMBER.sub(one, new)


def rms(stored: str, new: str) -> float:
    """Root mean square difference of two PNG pictures in base64, in grey levels; infinite where sizes
    differ."""
    from PIL import Image

    a, b = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(s))).convert("RGB"), float) for s in (stored, new)
    )
    return float(np.sqrt(((a - b) ** 2).mean())) if a.shape == b.shape else np.inf


def settle(stored, new):
    """`new` outputs with what may differ written as in `stored`, and the first picture that differs too
    much."""
    new = copy.deepcopy(new)
    for n, s in zip(new, stored):
        for fresh, kept in ((n.get("data", {}), s.get("data", {})), (n, s)):
            for name in set(fresh) & set(kept) - {"output_type", "name"}:
                if name == "image/png":
                    if (difference := rms(kept[name], fresh[name])) > LIMIT:
                        return (
                            new,
                            f"the picture differs from the stored one by {difference:.1f} grey levels (RMS)",
                        )
                elif isinstance(kept[name], str):
                    fresh[name] = snap(kept[name], fresh[name])
    return new, None


def pytest_configure(config):
    from nbval import kernel, plugin

    kernel.RunningKernel.execute_cell_input = lambda self, source, allow_stdin=None: self.kc.execute(
        source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
    )
    old_setup, old_compare = plugin.IPyNbFile.setup_sanitize_files, plugin.IPyNbCell.compare_outputs

    def setup(self):
        old_setup(self)
        self.sanitize_patterns.update(VARIABLE)

    def compare(self, test, ref, skip_compare=None):
        settled, problem = settle(ref, test)
        if problem:
            self.comparison_traceback = [problem]
            return False
        return old_compare(self, settled, ref, skip_compare)

    plugin.IPyNbFile.setup_sanitize_files, plugin.IPyNbCell.compare_outputs = setup, compare
