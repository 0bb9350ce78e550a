"""What JPEG makes of a ciphertext, for records, checks and challenges."""

import io

import numpy as np
from PIL import Image


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """One image (h, w, 3) uint8 after JPEG, its colours at full size (4:4:4)."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:4:4")
    return np.array(Image.open(file))
