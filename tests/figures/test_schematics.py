"""Schematics draw what `lib.models` builds: as many channels of the same side, in the same order."""

import re

import pytest
import torch
from torch import nn

from lib import figures
from lib.figures import schematics
from lib.models import AirBench, ELEAdaptNet, LEAdaptNet, ShakePyramidNet, TanakaAdaptation
from lib.models.fast import PatchWhitening

DRAWN = {
    name: value
    for name, value in vars(schematics).items()
    if callable(value) and getattr(value, "__annotations__", {}) == {"return": None}
}


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed: (figure, text alternative)."""
    collected = []
    monkeypatch.setattr(figures, "show", lambda *given: collected.append(given))
    return collected


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def maps(figure):
    """(channels, side) of the feature maps drawn, from left to right."""
    found = [re.search(r"(\d+) channels\n(\d+) x (\d+)", text) for text in texts(figure)]
    assert all(each[2] == each[3] for each in found if each)
    return [(int(each[1]), int(each[2])) for each in found if each]


def made(model, layers, *, without=()):
    """(channels, side) of the picture and of what layers of these kinds give, in order."""
    sizes, x = [(3, 32)], torch.rand(2, 3, 32, 32) * 2 - 1
    for name, layer in model.named_modules():
        if isinstance(layer, layers) and name not in without:
            layer.register_forward_hook(lambda _layer, _x, out: sizes.append((out.shape[1], out.shape[-1])))
    with torch.no_grad():
        model.eval()(x)
    return sizes


def test_there_are_eleven():
    assert list(DRAWN) == [
        "tanaka_network", "le_adaptnet", "ele_adaptnet", "speed_run_network", "shake_pyramid", "three_ways",
        "judge", "keyed_model", "one_photograph", "many_ciphertexts", "keyed_defence",
    ]  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_each_has_a_title_an_alternative_and_a_size_that_fits_a_page(shown, name):
    DRAWN[name]()
    ((figure, alt),) = shown
    assert figure.axes[0].get_title() and len(alt) > 150
    assert figures.png(figure, alt)[:4] == b"\x89PNG" and figure.get_size_inches()[0] < 10


def test_tanakas_network(shown):
    schematics.tanaka_network()
    assert maps(shown[0][0]) == made(TanakaAdaptation(4), (nn.Conv2d, nn.PixelShuffle))


def test_le_adaptnet(shown):
    schematics.le_adaptnet()
    assert maps(shown[0][0]) == made(LEAdaptNet(4), (nn.Conv2d, nn.BatchNorm2d, nn.PixelShuffle))


def test_ele_adaptnet(shown):
    schematics.ele_adaptnet()
    model, told = ELEAdaptNet(32, 4), "\n".join(texts(shown[0][0]))
    blocks, wide, size = model.weight.shape
    assert re.findall(r"(\d+) blocks of\n(\d+) numbers", told) == [
        (str(blocks), str(values)) for values in (size, wide, wide)
    ]
    assert f"{blocks} x {blocks}" in told and model.mixing.shape == (blocks, blocks)
    assert maps(shown[0][0]) == made(model, ELEAdaptNet)


def test_the_speed_run_network(shown):
    schematics.speed_run_network()
    model = AirBench(10, widths=(64, 128, 128))
    pairs = [module for module in model if isinstance(module, nn.Sequential)]
    assert len(pairs) == 3
    sizes = made(model, (PatchWhitening, nn.Sequential), without=("",))
    assert maps(shown[0][0]) == sizes
    assert f"{sizes[-1][0]}\nnumbers" in texts(shown[0][0])


def test_shake_pyramid(shown):
    schematics.shake_pyramid()
    model = ShakePyramidNet(10)
    each = made(model, type(model.blocks[0]))[1:]
    stages = [max(size for size in each if size[1] == side) for side in (32, 16, 8)]
    assert maps(shown[0][0]) == [(3, 32), (16, 32), *stages]
    assert len(each) == 54 and [sum(size[1] == side for size in each) for side in (32, 16, 8)] == [18] * 3
    assert f"{stages[-1][0]}\nnumbers" in texts(shown[0][0])


def test_the_three_ways_are_the_three_kinds_of_accuracy(shown):
    from lib.workbook.recorded_trainings import KINDS

    schematics.three_ways()
    assert [text for text in texts(shown[0][0]) if text in KINDS] == list(KINDS[1:4])


def test_the_judge(shown):
    schematics.judge()
    told = " ".join(texts(shown[0][0]))
    assert [told.index(each) for each in ("encrypt", "1. ", "2. ", "3. ", "4. ", "verdict")] == sorted(
        told.index(each) for each in ("encrypt", "1. ", "2. ", "3. ", "4. ", "verdict")
    )
    assert all(f"{number}. {name}" in told for number, name in ((1, "contract"), (4, "learnability")))
