"""A scheme as a torchvision transform, for data pipelines.

    from torchvision.transforms import v2
    v2.Compose([v2.RandomHorizontalFlip(), Encrypt(scheme), v2.ToDtype(torch.float32, scale=True)])

Augmentation of plain images goes before `Encrypt`; whatever makes floats of pixels goes after it. Torchvision
itself passes on what it does not know, and of several plain tensors changes the first only. Here every image
of a sample is encrypted, a label passes, and anything else raises.
"""

import numbers
from typing import Any

import numpy as np
import PIL.Image
import torch
from torch.utils._pytree import tree_leaves, tree_map
from torchvision import tv_tensors
from torchvision.transforms import v2

from lib.schemes import Scheme


class Encrypt(v2.Transform):
    """Encrypt the images of a sample; same kind out, the input is not changed.

    scheme   a scheme with one key for all images
    Takes    an image or a sample: tuples, lists and dicts of images and labels, nested as you like. Images
             are PIL images of mode RGB, `tv_tensors.Image`, and plain tensors of 3 or more axes, (3, h, w) or
             (n, 3, h, w) uint8. Labels are numbers, strings, None, and tensors of at most one axis.
    Errors   TypeError for anything else; TypeError or ValueError, of `lib.images`, for one that does not fit

    `GrayscaleEtC` gives one channel: PIL mode L, (1, h, 3 w) or (n, 1, h, 3 w).

    >>> from lib import Key
    >>> from lib.schemes import SKK
    >>> cipher, label = Encrypt(SKK(Key.from_seed(7)))(torch.zeros(3, 32, 32, dtype=torch.uint8), 5)
    >>> cipher.shape, label
    (torch.Size([3, 32, 32]), 5)
    """

    def __init__(self, scheme: Scheme):
        super().__init__()
        if not isinstance(scheme, Scheme):
            got = getattr(scheme, "__name__", type(scheme).__name__)
            raise TypeError(f"expected a scheme, as in Encrypt(SKK(key)), got {got}")
        if scheme.per_image:
            needs = f"{type(scheme).__name__} has a key for each image and needs its id"
            way = "encrypt the arrays first, scheme.encrypt(images, ids=range(len(images)))"
            raise ValueError(f"{needs}, which a transform does not know; {way}, and train on those")
        self.scheme = scheme

    def forward(self, *inputs: Any) -> Any:
        """The sample with its images encrypted; overrides torchvision's choice of what to change."""
        sample = inputs if len(inputs) != 1 else inputs[0]
        out = tree_map(lambda thing: self.transform(thing, {}), sample)
        if all(thing is other for thing, other in zip(tree_leaves(sample), tree_leaves(out))):
            way = "pass a PIL image or a uint8 tensor of shape (3, h, w)"
            raise TypeError(f"no image in the sample, a {type(sample).__name__}; {way}")
        return out

    def transform(self, inpt: Any, params: dict) -> Any:
        """One image encrypted, or one label as it is."""
        if isinstance(inpt, tv_tensors.Image):
            return tv_tensors.wrap(self.scheme.encrypt(inpt), like=inpt)
        plain = isinstance(inpt, torch.Tensor) and not isinstance(inpt, tv_tensors.TVTensor)
        if isinstance(inpt, PIL.Image.Image) or (plain and inpt.ndim > 2):
            return self.scheme.encrypt(inpt)
        label = str | numbers.Number | np.generic | None
        if isinstance(inpt, label) or (plain and inpt.ndim < 2):
            return inpt
        raise TypeError(f"Encrypt got {_told(inpt)}, which is neither an image nor a label; {_way_out(inpt)}")

    def extra_repr(self) -> str:
        """The scheme, for torch's own text of a transform."""
        return repr(self.scheme)


def _told(thing):
    shape = f" of shape {tuple(thing.shape)}" if hasattr(thing, "shape") else ""
    family = "tv_tensors." if isinstance(thing, tv_tensors.TVTensor) else ""
    return f"a {family}{type(thing).__name__}{shape}"


def _way_out(thing):
    if isinstance(thing, np.ndarray):
        return "put v2.ToImage() before it, which takes (h, w, 3), or use scheme.encrypt(array)"
    if isinstance(thing, tv_tensors.Video):
        return "encrypt its frames as a batch, tv_tensors.Image(video)"
    if isinstance(thing, tv_tensors.TVTensor):
        why = "a cipher moves pixels, so places in the plain image mean nothing in it"
        return f"{why}: take this out of the sample before"
    if isinstance(thing, torch.Tensor):
        return "an image has the shape (3, h, w) or (n, 3, h, w), a label at most one axis"
    return "pass PIL images, tv_tensors.Image or uint8 tensors"
