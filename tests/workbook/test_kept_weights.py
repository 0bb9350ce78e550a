"""Kept weights come back rounded to 16 bits, and those of another network are refused."""

import pytest
import torch
from torch import nn

from lib.workbook import kept_weights


def made(width=3):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, width), nn.BatchNorm1d(width))


def test_what_is_saved_comes_back_in_sixteen_bits(tmp_path):
    model, path = made(), tmp_path / "new" / "weights.npz"
    model[1].num_batches_tracked += 70_001  # a whole number stays whole
    kept_weights.save(path, model.state_dict())
    with torch.random.fork_rng():
        back = kept_weights.load(path, nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)))
    assert not back.training and back[1].num_batches_tracked == 70_001
    assert (back[0].weight == model[0].weight.half().float()).all() and back[0].weight.dtype == torch.float32
    assert not (back[0].weight == model[0].weight).all()


def test_another_network_and_a_missing_file_are_refused(tmp_path):
    kept_weights.save(tmp_path / "weights.npz", made().state_dict())
    with pytest.raises(RuntimeError, match="size mismatch"):
        kept_weights.load(tmp_path / "weights.npz", made(width=5))
    with pytest.raises(OSError):
        kept_weights.load(tmp_path / "none.npz", made())
