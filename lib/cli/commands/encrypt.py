"""SRC is an image, a folder of images, or an .npz, and DST is of the same kind, outside SRC. In a folder,
files that are no images are left alone, and links are followed. What is done is skipped: to take up a run
that was stopped, run it again.
"""

from argparse import ArgumentParser, Namespace
from functools import partial

from lib.cli.jobs import work_through
from lib.cli.options import EVERY, add_files, add_scheme, load_key, quality, scheme_of, usage
from lib.files import note
from lib.schemes import by_name
from lib.table import Structure

HELP = "encrypt images"
MORE = """\
Pixels, size and mode come back exactly, but where a note says that a scheme rounds, and but for --jpeg: RGB,
grey, black and white, with alpha or without; a palette comes back as RGB or RGBA, a rotated photo upright.
Nothing else of a source is copied: no EXIF, no GPS, no colour profile. File names, sizes and modes, and the
labels in an .npz, stay in clear.
"""


def arguments(parser: ArgumentParser) -> None:
    """SRC, DST, key, scheme and its options, JPEG."""
    add_files(parser)
    add_scheme(parser, required=True)
    whole = ", ".join(name for name in EVERY if by_name(name).structure is Structure.PIECES)
    jpeg = f"{whole}: JPEG of quality 1..100 in place of PNG; loses"
    parser.add_argument("--jpeg", type=quality, metavar="QUALITY", help=jpeg)
    colours = "colour resolution of --jpeg, 4:4:4 if not given"
    parser.add_argument("--subsampling", choices=("4:4:4", "4:2:0"), help=colours)


def run(args: Namespace) -> int:
    """Encrypt; the exit status."""
    from lib.cli import jobs
    from lib.cli.archives import encrypt_archive, is_archive
    from lib.cli.image_files import check_output, encrypt_file

    scheme, archive = scheme_of(args, load_key(args.key)), is_archive(args.source)
    if args.jpeg is None and args.subsampling:
        raise usage("--subsampling needs --jpeg")
    jpeg = args.jpeg and {"quality": args.jpeg, "subsampling": args.subsampling or "4:4:4"}
    if archive and jpeg:
        raise usage("--jpeg is for images, and an .npz holds arrays")
    if not archive:
        try:
            check_output(scheme, jpeg)
        except ValueError as error:
            raise usage(error) from None
    plan = jobs.plan(args.source, args.target, ".npz" if archive else ".jpg" if jpeg else ".png")
    _note_loss(scheme, jpeg)
    work = partial(encrypt_archive, workers=args.workers) if archive else partial(encrypt_file, jpeg=jpeg)
    return work_through("encrypted", args, plan, partial(work, scheme=scheme, overwrite=args.overwrite))


def _note_loss(scheme, jpeg):
    """Say once what will not come back."""
    if not scheme.invertible and not scheme.inexact:
        note(f"{scheme.name} as in {scheme.as_published} cannot be decrypted")
    if scheme.inexact:
        note(f"{scheme.name} {scheme.inexact}, so decrypted pixels are exact up to rounding")
    if jpeg:
        side = 16 if scheme.channels == 3 and jpeg["subsampling"] == "4:2:0" else 8
        more = f", and more where pieces of {scheme.piece} are no multiple of {side}"
        note(f"JPEG loses: decrypted pixels will not be exact{more if scheme.piece % side else ''}")
        note("a JPEG has a tag of its record alone: changed pixels will not be noticed")
