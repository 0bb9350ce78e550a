"""DATA is photos, cifar10, cifar100, stl10, folder:PATH with PATH/train/CLASS/x.png and
PATH/test/CLASS/x.png, or npz:PATH with x_train, y_train, x_test, y_test. Plain images are encrypted on the
way where a scheme and a key are given. What python -m lib encrypt wrote is trained on as it is: with no
scheme, and no key, so that its tags are not checked.

Each epoch is kept in DIR/checkpoint.pt: to take up a run that was stopped, run it again. At its end,
DIR/weights.pt and DIR/model.json are all that python -m lib predict needs.
"""

import sys
import time
import tomllib
from argparse import ArgumentParser, Namespace
from pathlib import Path

from lib.cli import options
from lib.cli.options import Names, add_machine, add_scheme, count, flag, given, usage

HELP = "train a network"
SQUARES = ("blocknet", "whitened-blocks")  # read squares alone; told here, for torch takes long to come
RECIPE = tomllib.loads(Path(__file__).with_name("recipe.toml").read_text(encoding="utf-8"))


def arguments(parser: ArgumentParser) -> None:
    """Data, network, scheme and recipe."""
    networks, adaptations = Names("lib.models", "names"), Names("lib.models", "adaptations")
    add = parser.add_argument
    add("--data", required=True, metavar="DATA")
    add(
        "--model",
        required=True,
        choices=networks,
        metavar="NAME",
        help=f"%(choices)s; all but {' and '.join(SQUARES)} read images that are no squares, too",
    )
    add("--out", required=True, type=Path, metavar="DIR")
    add("--adaptation", choices=adaptations, metavar="NAME", help="put in front: %(choices)s")
    side = "side of the blocks that a network reads; the cipher's, or 4, if not given"
    add("--patch", type=count, metavar="N", help=side)
    add("--limit", type=count, metavar="N", help="at most so many images of each split, classes balanced")
    add_machine(parser)
    cipher = parser.add_argument_group("encryption of plain images, before or while training")
    add_scheme(cipher, required=False)
    cipher.add_argument("--key", type=Path, metavar="KEY.json")
    recipe = parser.add_argument_group("recipe")
    for name, (kind, line) in RECIPE.items():
        if kind == "switch":
            how = {"action": "store_true", "default": None}
        elif isinstance(kind, list):
            how = {"choices": kind}
        else:
            how = {"type": getattr(options, kind), "metavar": "N" if kind in ("count", "whole") else "X"}
        recipe.add_argument(flag(name), **how, help=line)


def run(args: Namespace) -> int:
    """Train; the exit status."""
    scheme = _scheme_of(args)
    from lib.cli import training
    from lib.cli.model_folder import device_of
    from lib.training import Recipe

    recipe = given(args, RECIPE)
    run, before = training.train(
        args.data, args.out, args.model, recipe, adaptation=args.adaptation, block=args.patch, scheme=scheme,
        limit=args.limit, device=device_of(args.device), threads=args.threads,
        progress=sys.stderr.isatty() or _epoch_lines(Recipe(**recipe).epochs),
    )  # fmt: skip
    last = run.history[-1]
    tested = f", test accuracy {last['test_accuracy']:.4f}" if "test_accuracy" in last else ", no test images"
    print(f"{args.out}: {'was finished before' if before else 'finished'}, {last['epoch']} epochs{tested}")
    return 0


def _scheme_of(args):
    """The scheme to encrypt with; None for data as they are."""
    if args.scheme is None:
        for name in given(args, ("key", *options.SCHEME)):
            raise usage(f"{flag(name)} needs --scheme; data that are encrypted already need neither")
        return None
    if args.key is None:
        raise usage("--scheme needs --key; python -m lib key new KEY.json makes one")
    return options.scheme_of(args, options.load_key(args.key))


def _epoch_lines(epochs):
    """Where no terminal shows a bar: a line an epoch, with the time that is left by those of this call."""
    start, done = time.monotonic(), []

    def line(entry):
        done.append(entry)
        left = (time.monotonic() - start) / len(done) * (epochs - entry["epoch"])
        tested = f", test accuracy {entry['test_accuracy']:.4f}" if "test_accuracy" in entry else ""
        told = f"epoch {entry['epoch']} of {epochs}: loss {entry['loss']:.4f}{tested}; {left:.0f} s to go"
        print(told, file=sys.stderr, flush=True)

    return line
