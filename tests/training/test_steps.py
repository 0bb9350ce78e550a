"""Steps: the same with and without a stop, means of the losses, and no checkpoint of another run."""

import time

import pytest
import torch
from torch import nn

from lib.training import CheckpointError, by_steps, quiet


class Killed(Exception):
    pass


def train(folder=None, count=10, stop=None, every=4, about=None):
    """A line fitted to noise, with dropout; the network and its losses. `stop`: the step before which it is
    killed."""
    with quiet(3):
        network = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)

        def step(number, draws):
            if number == stop:
                raise Killed
            x = torch.randn(8, 2, generator=draws)
            loss = (network(x) - x.sum(1, keepdim=True)).pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            return {"loss": loss, "number": number}

        parts = {"network": network, "optimiser": optimiser}
        return network, by_steps(parts, count, step, seed=3, every=every, folder=folder, about=about)


def test_losses_are_means_and_the_last_entry_holds_what_is_left():
    _, history = train()
    assert [entry["step"] for entry in history] == [4, 8, 10]
    assert [entry["number"] for entry in history] == [1.5, 5.5, 8.5]
    assert history[0]["loss"] != history[1]["loss"]


def test_seconds_are_those_that_the_entrys_steps_worked():
    def step(number, draws):
        end = time.process_time() + (0.1 if number < 2 else 0.01)
        while time.process_time() < end:
            pass
        return {"loss": 0.0}

    with quiet(0):  # one thread, over whose number the seconds are counted
        first, second = by_steps({}, 4, step, every=2)
    assert 0.2 <= first["seconds"] < 1 and 0.02 <= second["seconds"] < first["seconds"]


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path):
    expected, losses = train()
    with pytest.raises(Killed):
        train(tmp_path, stop=9)
    network, history = train(tmp_path)
    assert [e["loss"] for e in history] == [e["loss"] for e in losses]
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), expected.parameters()))
    again, kept = train(tmp_path, stop=0)  # all is done: no step is made
    assert kept == history and torch.equal(again[0].weight, network[0].weight)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    train(tmp_path, about={"rate": 1})
    with pytest.raises(CheckpointError, match="rate 1 there, 2 here"):
        train(tmp_path, about={"rate": 2})
    with pytest.raises(CheckpointError, match="steps 10 there, 12 here"):
        train(tmp_path, count=12, about={"rate": 1})


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    with pytest.raises(FloatingPointError, match=r"by step 4 .*lower the rate"):
        losses = [0.0, 0.0, float("nan"), *[0.0] * 5]
        by_steps({}, 8, lambda number, draws: {"loss": losses[number]}, every=4, folder=tmp_path)
    assert not (tmp_path / "checkpoint.pt").exists()


def test_the_random_state_of_the_caller_is_left_alone():
    before = torch.get_rng_state()
    train()
    assert torch.equal(torch.get_rng_state(), before)
