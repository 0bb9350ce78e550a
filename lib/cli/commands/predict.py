"""SRC is an image, a folder of images, or an .npz; DST is a .csv with a row for each: file, class,
probability. Images are taken as they are: for a network trained on ciphertexts, those that python -m lib
encrypt wrote under the same scheme and key. No key is needed, so no tag is checked: decrypt tells whether
ciphertexts were changed. Where classes are known, from folders named like them or arrays y_..., accuracy is
printed.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from lib.cli.options import add_machine, usage

HELP = "classify images"


def arguments(parser: ArgumentParser) -> None:
    """SRC, DST, network."""
    add = parser.add_argument
    add("source", type=Path, metavar="SRC")
    add("target", type=Path, metavar="DST")
    add("--model", required=True, type=Path, metavar="DIR", help="the folder that train wrote")
    add("--overwrite", action="store_true", help="write DST anew if it exists")
    add_machine(parser)


def run(args: Namespace) -> int:
    """Classify, and say what the images are; the exit status."""
    if args.target.suffix.lower() != ".csv":
        raise usage(f"DST is a table; name it {args.target.with_suffix('.csv')}")
    if args.target.exists() and not args.overwrite:
        raise FileExistsError(f"{args.target} exists; choose another name, or overwrite it (--overwrite)")
    from lib.cli import model_folder, predictions
    from lib.files import note_left

    model = model_folder.load(args.model, model_folder.device_of(args.device))
    answers, found = predictions.predict(model, args.source, threads=args.threads)
    predictions.write(answers, args.target, args.overwrite)
    note_left(found)
    for line in predictions.mismatches(model, answers):
        print(f"warning: {line}", file=sys.stderr)
    print("\n".join([f"{args.target}: {len(answers):,} rows", *predictions.accuracies(answers)]))
    return 0
