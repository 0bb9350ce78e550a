"""`python -m lib.workbook.challenges --secret KEY.json --out FOLDER`: challenges from your secret.

The secret is a key file, as `python -m lib key new KEY.json` writes it. Who has it has the flags: keep it, or
delete it. It is for one set: after the recipe has changed, challenge 11 would have its pad used twice.
"""

import argparse
import sys
from pathlib import Path

from lib import Key
from lib.workbook.challenges import FOLDER, load
from lib.workbook.challenges.recipes import make


def main(argv: list[str] | None = None) -> int:
    """Make them, and say what was made; the exit status."""
    about = __doc__.replace("`", "")
    parser = argparse.ArgumentParser("python -m lib.workbook.challenges", description=about)
    made = "a key file; python -m lib key new KEY.json makes one"
    parser.add_argument("--secret", type=Path, required=True, help=made)
    folder = "a folder; data/challenges, as lesson 42 reads it, if left out"
    parser.add_argument("--out", type=Path, default=FOLDER, help=folder)
    arguments = parser.parse_args(argv)
    try:
        folder = make(Key.load(arguments.secret), arguments.out)
    except (OSError, ValueError) as error:
        print(f"python -m lib.workbook.challenges: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    print(f"{len(load(folder))} challenges in {folder}, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
