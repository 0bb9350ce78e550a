"""What privacy with a proof costs, in small: demonstrations for lesson 34, and no library to rely on.

    networks            the two small networks, and what the encrypted one computes, in NumPy
    homomorphic         a server evaluates a network on CKKS ciphertexts (TenSEAL)
    shares              two servers evaluate it on additive shares, with triples from a dealer
    private_training    DP-SGD (Opacus), and one step of it by hand

TenSEAL and Opacus are installed by the extra `privacy`; everything else works without them.
"""

import importlib
from types import ModuleType


def needed(name: str) -> ModuleType:
    """A module of the extra `privacy`. ImportError says how to install it where it is absent."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        way = "pip install -c constraints.txt -e '.[privacy]'"
        raise ImportError(f"{package} is not installed; it comes with the extra privacy: {way}") from error
