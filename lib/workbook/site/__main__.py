"""`python -m lib.workbook.site`: the lessons and the reference as a static site, in `build/site`."""

import argparse
import os
import sys
import time

from lib.workbook.site.build import build


def main() -> None:
    """Build it, and say where it lies."""
    argparse.ArgumentParser(prog="python -m lib.workbook.site", description=__doc__).parse_args()
    started = time.perf_counter()
    built = build()
    for folder, target in sorted(set(built.lost)):
        print(f"a link in {folder}/ leads nowhere and was left out: {target}", file=sys.stderr)
    taken = time.perf_counter() - started
    print(f"{os.path.relpath(built.folder / 'index.html')}: {built.pages} pages   ({taken:.0f} s)")


if __name__ == "__main__":
    main()
