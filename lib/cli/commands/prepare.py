"""SRC is an image, or a folder of images, and DST is of the same kind, outside SRC: what networks and attacks
here take. Each becomes an upright RGB image of N x N pixels, a PNG without loss. Transparent places become
white. What is done is skipped: to take up a run that was stopped, run it again.
"""

from argparse import ArgumentParser, Namespace
from functools import partial

from lib.cli.jobs import plan, work_through
from lib.cli.options import add_files, number

HELP = "make images of one size"
MOST = 16_384  # pixels a side


def arguments(parser: ArgumentParser) -> None:
    """SRC, DST, size and how to fit."""
    add_files(parser, key=False)
    side = number(int, f"a side from 1 to {MOST:,} pixels", lambda value: 1 <= value <= MOST)
    parser.add_argument("--size", type=side, required=True, metavar="N", help="pixels a side")
    fits = "crop (if not given): the middle, scaled; pad: all of it, scaled, with black bars"
    parser.add_argument("--fit", choices=("crop", "pad"), default="crop", help=fits)


def run(args: Namespace) -> int:
    """Prepare; the exit status."""
    from lib.cli.image_files import prepare_file

    work = partial(prepare_file, size=args.size, fit=args.fit, overwrite=args.overwrite)
    return work_through("prepared", args, plan(args.source, args.target, ".png"), work)
