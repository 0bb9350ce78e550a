"""Learnable image encryption: schemes, training on ciphertexts, attacks.

The notebooks import this package; so can you. Start with `Key` and `lib.schemes`.
"""

from lib.images import crop, pad
from lib.keys import Key

__all__ = ["Key", "crop", "pad"]
__version__ = "0.1.0"
