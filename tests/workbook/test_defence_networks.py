"""Networks behind defences: their keys differ, what is kept comes back, and what is there is not trained."""

import numpy as np
import pytest
import torch

from lib.models.adversarial import FastAdversarial
from lib.workbook import defence_networks as networks
from lib.workbook.defence_networks import NETWORKS

VICTIMS = [name for name, each in NETWORKS.items() if not each.own]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "MODELS", tmp_path / "models")
    monkeypatch.setattr(networks, "OWN", tmp_path / "own")


def test_the_attackers_own_networks_have_other_keys_and_seeds():
    for name, each in NETWORKS.items():
        if each.own:
            victim = NETWORKS[name.removeprefix("own ")]
            assert each.seed != victim.seed and each.defence == victim.defence
            if each.scheme:
                assert each.scheme.key.fingerprint != victim.scheme.key.fingerprint
    assert NETWORKS["plain"].scheme is None and NETWORKS["adversarial"].scheme is None


@pytest.mark.parametrize("name", VICTIMS)
def test_what_is_kept_in_the_project_is_small_and_a_network(name):
    assert networks.path(name).stat().st_size < 300_000
    model = networks.kept(name)
    assert not model.training and all(value.isfinite().all() for value in model.state_dict().values())


def test_weights_come_back_rounded_to_halves(elsewhere):
    with torch.random.fork_rng(devices=[]):
        model = networks.made("plain")
    networks.keep("own shf", model)
    for name, value in networks.kept("own shf").state_dict().items():
        assert torch.equal(value, model.state_dict()[name].half().to(value.dtype)), name


def test_the_network_inside_is_what_is_kept(elsewhere):
    with torch.random.fork_rng(devices=[]):
        model = networks.made("plain")
    networks.keep("adversarial", FastAdversarial(model))
    x = torch.rand(2, 3, 32, 32)
    assert torch.allclose(networks.kept("adversarial")(x), model.half().float().eval()(x), atol=1e-2)


def test_only_what_is_missing_is_trained(elsewhere, monkeypatch):
    trained = []
    monkeypatch.setattr(networks, "train", lambda name, data: trained.append(name))
    networks.path("plain").parent.mkdir()
    np.savez(networks.path("plain"))
    assert networks.main(["--data", "photos", "plain", "shf"]) == 0 and trained == ["shf"]
    trained.clear()
    assert networks.main(["--data", "photos"]) == 0
    assert trained == [name for name in NETWORKS if name != "plain"]
    with pytest.raises(SystemExit):
        networks.main(["--data", "photos", "nobody"])
