"""`python -m lib`: the shell. Here the commands of `lib.cli` and that of the workbook come together."""

import sys

from lib.cli import shell
from lib.cli.commands import attack, decrypt, encrypt, judge, key, predict, prepare, train
from lib.workbook.sweeps import sweep

COMMANDS = (key, prepare, encrypt, decrypt, train, predict, attack, judge, sweep)


def main(argv: list[str] | None = None) -> int:
    """Run a command; the exit status, see `lib.cli.shell`."""
    return shell.main(COMMANDS, argv)


if __name__ == "__main__":
    sys.exit(main())
