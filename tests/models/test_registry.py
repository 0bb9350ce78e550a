"""Every network by its name, alone and behind every adaptation network; and the networks that others made."""

import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from lib import models
from lib.models import adaptations, by_name, names

KINDS = {
    "blocknet": models.BlockNet,
    "fast": models.FastNet,
    "whitened-blocks": models.WhitenedBlocks,
    "resnet18": models.ResNet18,
    "convmixer": models.ConvMixer,
    "vit": models.VisionTransformer,
    "shake-pyramid": models.ShakePyramidNet,
    "airbench": models.AirBench,
}
FRONT_KINDS = {
    "tanaka": models.TanakaAdaptation,
    "le": models.LEAdaptNet,
    "ele": models.ELEAdaptNet,
    "pixel": models.PixelAdaptation,
}
PREPARED = {
    "aligned-blocks": models.AlignedBlocks,
    "placed-blocks": models.PlacedBlocks,
    "whitened-pixels": models.WhitenedPixels,
    "orbit": models.Orbit,
}
SMALL = {"shake-pyramid": {"depth": 20, "alpha": 24}}  # 28 million parameters are many for a test
ALONE = "whitened-blocks"  # takes no adaptation
PAIRS = [(name, each) for name in names for each in (None, *adaptations) if not (name == ALONE and each)]


def small(name, adaptation=None, side=16, **options):
    return by_name(name, 7, side=side, adaptation=adaptation, **SMALL.get(name, {}), **options)


def settled(model, side=16):
    """In evaluation, after the statistics of a batch: without, signals of an untrained network fade or
    grow."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
    x = torch.rand(8, 3, side, side)
    with torch.no_grad():
        if hasattr(getattr(model, "classifier", None), "start"):
            model.classifier.start(model.adaptation(x))
        model.train()(x)
    return model.eval()


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("kind", [*KINDS.values(), *FRONT_KINDS.values()])
def test_parameters_are_as_many_as_the_docstring_says(kind):
    model = kind(10) if kind in KINDS.values() else kind()
    stated = re.search(r"([\d,]+) parameters", kind.__doc__)[1]
    assert f"{parameters(model):,}" == stated


def test_every_module_names_its_source():
    for module in (models.adaptation, models.shake_pyramid, models.standard):
        assert "arXiv" in module.__doc__


# -- by name -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names)
@pytest.mark.parametrize("side", [32, 16])
@pytest.mark.parametrize("block", [2, 4, 8])
def test_a_network_gives_a_number_for_each_class(name, side, block):
    model = settled(small(name, side=side, block=block), side)
    x = torch.rand(3, 3, side, side)
    assert model(x).shape == (3, 7) and torch.allclose(model(x[1:2]), model(x)[1:2], atol=1e-4)


@pytest.mark.parametrize("name", KINDS)
def test_a_name_is_a_network_as_its_class_makes_it(name):
    model = by_name(name, 10).eval()
    assert type(model) is KINDS[name] and parameters(model) == parameters(KINDS[name](10))
    assert model(torch.rand(1, 3, 32, 32)).shape == (1, 10)


def test_options_reach_the_network():
    assert by_name("vit", 10, positions=False)[0].pos_embed is None
    with pytest.raises(TypeError, match="positions"):
        by_name("resnet18", 10, positions=False)


@pytest.mark.parametrize(("name", "adaptation"), PAIRS)
def test_a_gradient_reaches_every_parameter(name, adaptation):
    """In evaluation: while training, batch normalisation takes the gradient from an offset before it, as it
    should."""
    model = settled(small(name, adaptation))
    out = model(torch.rand(2, 3, 16, 16))
    (out * torch.randn_like(out)).sum().backward()
    still = [
        k
        for k, p in model.named_parameters()
        if p.requires_grad and (p.grad is None or p.grad.abs().max() < 1e-5)
    ]
    assert out.shape == (2, 7) and not still


@pytest.mark.parametrize(("name", "adaptation"), PAIRS)
def test_a_step_of_training_moves_it_and_evaluation_repeats_itself(name, adaptation):
    model = small(name, adaptation).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in trained]
    x, y = torch.rand(6, 3, 16, 16), torch.arange(6)
    loss = nn.functional.cross_entropy(model(x), y) + (model.penalty() if adaptation else 0)
    loss.backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    moved = [not torch.equal(a, b) for a, b in zip(before, trained)]
    assert loss.isfinite() and sum(moved) > 0.9 * len(moved)  # an offset before batch normalisation may stay
    assert torch.equal(model.eval()(x), model(x)) and model(x).isfinite().all()


@pytest.mark.parametrize(("name", "adaptation"), PAIRS)
def test_bfloat16_stays_close_to_float32(name, adaptation):
    model, x = settled(small(name, adaptation)), torch.rand(4, 3, 16, 16)
    with torch.no_grad():
        full = model(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = model(x).float()
    assert half.isfinite().all() and (half - full).norm() < 0.1 * full.norm()


@pytest.mark.parametrize(("name", "adaptation"), PAIRS)
def test_channels_last_changes_nothing(name, adaptation):
    model, x = settled(small(name, adaptation)), torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        usual = model(x)
        last = model.to(memory_format=torch.channels_last)(x.contiguous(memory_format=torch.channels_last))
    assert torch.allclose(usual, last, atol=1e-4)


@pytest.mark.parametrize("adaptation", ["tanaka", "le", "ele"])
@pytest.mark.parametrize("block", [2, 8])
def test_an_adaptation_network_reads_the_blocks_that_were_asked_for(adaptation, block):
    front = settled(small("blocknet", adaptation, block=block)).adaptation
    if adaptation == "ele":
        front.mixing.data = torch.eye(front.blocks)  # or every block would hear of the others
    x = torch.rand(1, 3, 16, 16)
    changed = x.clone()
    changed[..., 0, 0] = 0
    different = (front(x) != front(changed)).any(dim=1)[0]
    assert different[:block, :block].all() and different.sum() == block**2


@pytest.mark.parametrize("name", names)
def test_the_seed_of_torch_gives_the_weights(name):
    def drawn(seed):
        torch.manual_seed(seed)
        return torch.cat(
            [p.detach().flatten() for p in small(name, None if name == ALONE else "ele").parameters()]
        )

    first = drawn(1)
    assert torch.equal(first, drawn(1)) and not torch.equal(first, drawn(2))


def test_adapted_is_one_network_after_the_other_with_the_first_ones_penalty():
    ele, x = small("blocknet", "ele").eval(), torch.rand(2, 3, 16, 16)
    assert torch.equal(ele(x), ele.classifier(ele.adaptation(x)))
    penalty = ele.penalty()
    ele(x)
    assert penalty == ele.adaptation.penalty() > 0
    assert small("blocknet", "le").penalty() == 0
    assert {each: type(small("blocknet", each).adaptation) for each in adaptations} == FRONT_KINDS | PREPARED


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"name": "resnet"}, f"unknown network 'resnet'; known: {', '.join(names)}"),
        (
            {"name": "vit", "adaptation": "skk"},
            "unknown adaptation 'skk'; known: None, tanaka, le, ele, pixel",
        ),
        ({"name": ALONE, "adaptation": "le"}, "reads ciphertexts by itself: leave the adaptation out"),
        ({"name": "shake-pyramid", "side": 30}, "expected a multiple of 4, got 30"),
        ({"name": "vit", "block": 0}, "from 1 on, got side 32 and block 0"),
        *(
            ({"name": name, "side": 30}, r"not a multiple of block 4.*lib\.pad")
            for name in ("blocknet", "convmixer", "vit")
        ),
        *(
            ({"name": "resnet18", "side": 30, "adaptation": each}, r"not a multiple of block 4.*lib\.pad")
            for each in adaptations
            if each in ("tanaka", "le", "ele", "aligned-blocks", "placed-blocks")
        ),
    ],
)
def test_what_cannot_work_says_why(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        by_name(**arguments, classes=10)


def test_a_side_that_no_block_must_divide_is_welcome():
    for adaptation in (None, "pixel"):
        assert by_name("resnet18", 5, side=14, adaptation=adaptation).eval()(
            torch.rand(1, 3, 14, 14)
        ).shape == (1, 5)


def test_timm_and_torchvision_are_imported_only_for_the_networks_that_are_theirs():
    code = (
        "import sys, lib.models\n"
        "for name in ('blocknet', 'shake-pyramid'): lib.models.by_name(name, 10)\n"
        "print(*[m for m in ('timm', 'torchvision') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "\n"
    )
