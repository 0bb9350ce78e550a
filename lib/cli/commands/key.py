"""Make a key."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lib import Key

HELP = "make a key"


def arguments(parser: ArgumentParser) -> None:
    """key new KEY.json."""
    new = parser.add_subparsers(metavar="COMMAND", required=True).add_parser("new", help="write a new key")
    new.add_argument("path", type=Path, metavar="KEY.json", help="a file that is not there yet")


def run(args: Namespace) -> int:
    """Write a new key; the exit status."""
    key, keep = Key.generate(), "Keep a copy in a safe place: without it nothing can be decrypted."
    key.save(args.path)
    print(f"{args.path}: key {key.fingerprint[:8]}. {keep}")
    return 0
