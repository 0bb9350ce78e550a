"""`python -m lib`: the shell."""

import sys

from lib.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
