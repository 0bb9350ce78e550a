"""Networks that others made, for small images: what they do to patches, and the size they were made for."""

import pytest
import torch
from torch import nn

from lib.models import ConvMixer, ResNet18, VisionTransformer


def shuffled(x, block):
    """The images x with every block in another place."""
    blocks = nn.functional.unfold(x, block, stride=block)
    return nn.functional.fold(
        blocks.roll(x.shape[-1] // block + 1, dims=2), x.shape[-2:], block, stride=block
    )


def test_shuffled_moves_whole_blocks():
    x = torch.rand(1, 3, 16, 16)
    moved = shuffled(x, 4)
    assert torch.equal(moved[..., 4:8, 4:8], x[..., :4, :4])
    assert torch.equal(moved.flatten().sort().values, x.flatten().sort().values) and not torch.equal(moved, x)


@pytest.mark.parametrize("block", [2, 4, 8])
def test_without_position_code_a_transformer_cannot_tell_shuffled_blocks(block):
    x = torch.rand(3, 3, 16, 16)
    blind, seeing = (VisionTransformer(10, side=16, block=block, positions=p).eval() for p in (False, True))
    with torch.no_grad():
        assert torch.allclose(blind(x), blind(shuffled(x, block)), atol=1e-5)
        assert not torch.allclose(blind(x), blind(shuffled(x, 1)), atol=1e-3)  # pixels are another matter
        seeing[0].pos_embed *= 10  # it is drawn small
        assert not torch.allclose(seeing(x), seeing(shuffled(x, block)), atol=2e-3)
    assert (
        sum(p.numel() for p in seeing.parameters()) - sum(p.numel() for p in blind.parameters())
        == (16 // block) ** 2 * 192
    )


def test_to_a_conv_mixer_neighbours_matter():
    model, x = (
        ConvMixer(10, side=16).train(),
        torch.rand(3, 3, 16, 16),
    )  # an untrained one fades without batch statistics
    with torch.no_grad():
        change = (model(x) - model(shuffled(x, 4))).norm() / model(x).norm()
    assert change > 1e-3
    model[0].blocks = nn.Sequential()  # without what looks across patches, it is a bag of them too
    assert torch.allclose(model(x), model(shuffled(x, 4)), atol=1e-5)


@pytest.mark.parametrize("block", [2, 4])
@pytest.mark.parametrize("kind", [ConvMixer, VisionTransformer])
def test_a_patch_is_a_block(kind, block):
    """A change within one block leaves the first features of all other blocks alone."""
    model, x = kind(10, side=16, block=block).eval(), torch.rand(1, 3, 16, 16)
    changed = x.clone()
    changed[..., block : 2 * block, 2 * block : 3 * block] += 1
    patches = model[0].stem[0] if kind is ConvMixer else model[0].patch_embed.proj
    different = (patches(x) != patches(changed)).any(dim=1)[0]
    assert different.nonzero().tolist() == [[1, 2]]


@pytest.mark.parametrize("kind", [ConvMixer, VisionTransformer])
def test_images_of_another_size_are_refused(kind):
    model = kind(10, channels=5, side=16)
    for shape in [(2, 5, 18, 18), (2, 5, 32, 32), (2, 3, 16, 16), (5, 16, 16)]:
        with pytest.raises(ValueError, match=r"made for images of shape \(n, 5, 16, 16\), got"):
            model(torch.rand(shape))
    with pytest.raises(ValueError, match="multiple of block 4"):
        kind(10, side=18)


def test_heads_share_the_width():
    with pytest.raises(ValueError, match="100 does not divide among 3 heads"):
        VisionTransformer(10, dim=100)


def test_resnet18_halves_the_side_three_times_only():
    """The form for ImageNet would leave 1x1 of a 32x32 image before the mean; this one leaves 4x4."""
    model, sides = ResNet18(10).eval(), []
    for layer in (model[0].conv1, model[0].maxpool, model[0].layer1, model[0].layer4):
        layer.register_forward_hook(lambda module, given, out: sides.append(out.shape[-1]))
    model(torch.rand(1, 3, 32, 32))
    assert sides == [32, 32, 32, 4]
    assert model[0].conv1.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)
