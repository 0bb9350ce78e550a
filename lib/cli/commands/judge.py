"""FILE.py:NAME is a class or function that is called with a lib.Key and gives an object with
encrypt(images, ids=None), images NumPy (n, h, w, 3) uint8; decrypt is tried if there is one, and per_image =
True says that each image has a key of its own, by its id. The file is run: judge what you trust.

DIR/verdict.json and DIR/index.html say what was found.
"""

import importlib.util
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from lib.files import check_file

HELP = "judge a cipher of your own"


def shape(text: str) -> tuple[int, int, int]:
    """HxW as (h, w, 3)."""
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise ArgumentTypeError(f"expected HEIGHTxWIDTH, such as 32x32, got {text!r}")
    if max(map(len, parts)) > 4:
        raise ArgumentTypeError(f"expected at most 9999 pixels a side, got {text[:40]!r}")
    return int(parts[0]), int(parts[1]), 3


def arguments(parser: ArgumentParser) -> None:
    """The cipher, the size and the budget."""
    parser.add_argument("cipher", metavar="FILE.py:NAME")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument(
        "--size", type=shape, default=(32, 32, 3), metavar="HxW", help="of the pictures (32x32)"
    )
    lines = "quick: at most 3 minutes at 32x32; standard: at most 30"
    parser.add_argument("--budget", choices=("quick", "standard"), default="quick", help=lines)


def run(args: Namespace) -> int:
    """Judge it; the exit status is 0 whatever the verdict is."""
    factory = loaded(args.cipher)
    targets = record, shown = args.out / "verdict.json", args.out / "index.html"
    for path in targets:
        if path.exists():
            raise FileExistsError(f"{path} exists; give --out another folder, or move it away")
    from lib.atomic import remove_unfinished, whole_file
    from lib.judge import judge
    from lib.judge.report import page

    verdict = judge(factory, args.size, args.budget)
    # said before it is written, for a disk may be full
    print(f"{verdict.cipher}: {verdict.outcome}", *verdict.summary, sep="\n", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    remove_unfinished(targets)
    with whole_file(shown) as file:  # both have room before one gets its name
        file.write(page(verdict).encode())
        file.flush()
        verdict.save(record)
    print(shown)
    return 0


def loaded(cipher: str):
    """What FILE.py:NAME names; ValueError that says what is missing."""
    path, _, name = cipher.rpartition(":")
    if not path or not name.isidentifier():
        raise ValueError(f"expected FILE.py:NAME, such as cipher.py:MyCipher, got {cipher!r}")
    if not check_file(Path(path)).is_file():
        raise ValueError(f"{path} is no file; expected one of Python that defines {name}")
    spec = importlib.util.spec_from_file_location("judged_cipher", path)
    if spec is None:
        raise ValueError(f"{path} is no file of Python; its name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(Path(path).resolve().parent))  # for what it imports beside itself
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    if not hasattr(module, name):
        names = ", ".join(n for n, thing in vars(module).items() if callable(thing) and not n.startswith("_"))
        raise ValueError(f"{path} has no {name}; it has {names or 'nothing to call'}")
    if not callable(factory := getattr(module, name)):
        raise ValueError(f"{path}: {name} is {type(factory).__name__}; expected a class or a function")
    return factory
