"""The tiny network against a slow specification."""

import torch

from tests.training.runs import tiny


def test_every_block_has_a_map_of_its_own_and_every_parameter_a_gradient():
    model = tiny().eval()
    x = torch.rand(2, 3, 8, 8)
    slow = []
    for image in x:  # a block at a time: its values in the order channel, row, column
        blocks = [image[:, r : r + 4, c : c + 4].reshape(-1) for r in (0, 4) for c in (0, 4)]
        slow.append(torch.stack([block @ model.maps[b] + model.offsets[b] for b, block in enumerate(blocks)]))
    assert torch.allclose(model(x), model.classify(torch.stack(slow)), atol=1e-5)
    model(x).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
