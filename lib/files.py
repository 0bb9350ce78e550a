"""Files as people have them: which of a folder are images, and what an image file holds.

Encryption, data sets and predictions all go by this. Of a folder, hidden files and folders (a leading dot,
and those of `HIDDEN`, which file servers and archives leave behind) are left alone, and so are pipes, sockets
and devices, which might be waited for without end. A photograph of a phone with a second frame in its JPEG
(depth, a gain map, another view) is taken by its first frame; an animation is refused.
"""

import io
import os
import stat
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

READABLE = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm", ".pbm", ".mpo")
# what some builds of Pillow read: its name for the feature, its format, endings
OPTIONAL = {"avif": ("AVIF", (".avif",)), "jpg_2000": ("JPEG2000", (".jp2", ".j2k", ".jpx"))}
PICTURES = (".avif", ".jp2", ".j2k", ".jpx", ".heic", ".heif", ".jxl")  # named where they cannot be read
HIDDEN = ("@eaDir", "__MACOSX", "Thumbs.db", "desktop.ini")
# pixels; Pillow's own limit is for pictures from strangers, and ciphertexts are up to six times as large
LARGEST = 2**30
LARGEST_TEXT = 64 * 2**20  # bytes of text, or of a colour profile, in a PNG; Pillow's own limit is 1 MiB
PREPARE = "python -m lib prepare SRC DST --size N makes upright RGB images of one size"
SHOWN = 20  # files that are named before the rest is counted
BITS_PER_SAMPLE = 258  # a TIFF tag
KINDS = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}


def note(text: str) -> None:
    """A line on stderr, of what is good to know."""
    print(f"note: {text}", file=sys.stderr)


def note_each(told: Iterable[str | None]) -> None:
    """A line for each different text that is told of files, None of most, and of how many it is told."""
    for text, number in Counter(filter(None, told)).items():
        note(f"{number:,} file{'s' * (number != 1)}: {text}")


# -- which files ---------------------------------------------------------------------------------------------


@dataclass
class Found:
    """What a folder holds: images; other files; pictures of formats that are not read here; hidden files and
    folders; pipes, sockets and devices. All but the first are left alone."""

    images: list[Path] = field(default_factory=list)
    other: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)

    def joined(self, other: "Found") -> "Found":
        """What both hold."""
        return Found(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values())))

    def notes(self) -> Iterator[str]:
        """A line for each kind that was left alone."""
        for kind, paths in (("other file", self.other), ("hidden file or folder", self.hidden),
                            ("pipe, socket or device", self.special)):  # fmt: skip
            if paths:
                some = kind if len(paths) == 1 else kind.replace("file", "files").replace("folder", "folders")
                some = some if "pipe" not in some or len(paths) == 1 else "pipes, sockets or devices"
                yield f"{len(paths):,} {some} left alone, such as {paths[0]}"
        if self.unread:
            more = f" and {len(self.unread) - SHOWN:,} more" if len(self.unread) > SHOWN else ""
            names = ", ".join(map(str, self.unread[:SHOWN]))
            yield f"left alone, for their format is not read here: {names}{more}; export them as PNG or JPEG"

    def check_some(self, problem: str) -> None:
        """ValueError for a folder without an image: the problem, and what was left alone."""
        if not self.images:
            raise ValueError("; ".join([problem, *self.notes()]))


def note_left(found: Found) -> None:
    """A line for each kind that was left alone."""
    for line in found.notes():
        note(line)


def formats() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The formats that are read here, and their endings: what this build of Pillow can."""
    from PIL import features

    more = [OPTIONAL[name] for name in OPTIONAL if features.check(name)]
    endings = (ending for _, endings in more for ending in endings)
    return (*READABLE, *(name for name, _ in more)), (*SUFFIXES, *endings)


def below(folder: Path, taken: tuple[str, ...] | None = None) -> Found:
    """What is below a folder, in the order of names; links are followed unless they lead back up.

    taken   the endings of images; None for all that are read here
    Errors: OSError for a closed folder.
    """
    taken, found = taken or formats()[1], Found()
    _walk(Path(folder), taken, found, ())
    return found


def _walk(folder, taken, found, above):
    real = os.path.realpath(folder)
    if real in above:
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path, ending = Path(entry), Path(entry).suffix.lower()
        if is_hidden(entry.name):
            found.hidden.append(path)
        elif entry.is_dir():
            _walk(path, taken, found, (*above, real))
        elif _kind(path):
            found.special.append(path)
        elif ending in taken:
            found.images.append(path)
        else:
            (found.unread if ending in PICTURES else found.other).append(path)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is none of the user's own images.

    >>> [is_hidden(name) for name in (".ipynb_checkpoints", "._x.png", "@eaDir", "x.png")]
    [True, True, True, False]
    """
    return name.startswith(".") or name in HIDDEN


def check_file(path: Path) -> Path:
    """The path; ValueError for a pipe, a socket or a device, which might be waited for without end."""
    if kind := _kind(path):
        raise ValueError(f"{path} is a {kind}; expected a file")
    return path


def _kind(path):
    try:
        return KINDS.get(stat.S_IFMT(Path(path).stat().st_mode))
    except (OSError, ValueError):  # whoever opens it says so
        return None


# -- one image -----------------------------------------------------------------------------------------------


def open_image(data: bytes) -> "Image":
    """The image in the bytes of a file, its pixels not read yet. ValueError where there is none."""
    from PIL import Image

    with reading():
        return Image.open(io.BytesIO(data), formats=formats()[0])


def check_single(image: "Image", data: bytes) -> str | None:
    """Of an opened image and its file's bytes: what to say of frames that are left out, None where there are
    none. ValueError for an animation, and for more than 8 bits a channel."""
    with reading():
        frames, deep = getattr(image, "n_frames", 1), _is_deep(image, data)
    photograph = image.format in ("JPEG", "MPO")
    if frames > 1 and not photograph:
        raise ValueError(f"has {frames} frames, and one is expected; save each as a file of its own")
    if deep:
        raise ValueError("has more than 8 bits a channel, and the rest would be lost; reduce it first")
    more = photograph and (frames > 1 or "mp" in image.info)
    return (
        "a photograph with further frames (depth, gain map, other view), taken by its first" if more else None
    )


def _is_deep(image, data) -> bool:
    """Whether Pillow would cut this image's values down to 8 bits without a word."""
    if image.format == "TIFF":
        return max(image.tag_v2.get(BITS_PER_SAMPLE, (1,))) > 8
    if image.format == "PPM":
        return any(isinstance(tile.args, tuple) and tile.args[1] > 255 for tile in image.tile)
    if image.format == "AVIF":  # the box av1C, AV1-ISOBMFF 2.3.3: its third byte has the flag high_bitdepth
        box = data.find(b"av1C")
        return box >= 0 and bool(data[box + 6 : box + 7] and data[box + 6] & 0x40)
    if image.format == "JPEG2000":  # the marker SIZ, ISO 15444-1 A.5.1: 38 bytes on, depth less one
        start = data.find(b"\xff\x4f\xff\x51")
        return start >= 0 and len(data) > start + 42 and data[start + 42] & 0x7F > 7
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


@contextmanager
def reading():
    """Pillow without warnings, up to `LARGEST` pixels and `LARGEST_TEXT`, and with ValueError for any broken
    file."""
    from PIL import Image, PngImagePlugin

    kept = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    Image.MAX_IMAGE_PIXELS = LARGEST // 2  # it refuses what is over twice this
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = LARGEST_TEXT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.UnidentifiedImageError:
        raise ValueError(f"holds no image of {', '.join(formats()[0])}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"has more than {LARGEST:,} pixels; cut it into pieces") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error and more
        if "MAX_TEXT" in str(error) or "text chunks" in str(error):
            most = f"more than {LARGEST_TEXT // 2**20} MiB of text or colour profile"
            raise ValueError(f"has {most}; save it again without them") from None
        raise ValueError(f"is a broken image ({error})") from None
    finally:
        Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = kept
