"""`python -m lib.workbook.site`: the lessons and the reference as a static site, in `build/site`."""

import argparse
import os
import sys
import time

from lib.workbook.site.build import build


def main() -> int:
    """Build it, say where it lies and what Sphinx complains of; the exit status."""
    argparse.ArgumentParser(prog="python -m lib.workbook.site", description=__doc__).parse_args()
    started = time.perf_counter()
    built = build()
    print("\n".join(built.warnings), file=sys.stderr)
    pages = len(list(built.folder.rglob("*.html")))
    where = os.path.relpath(built.folder / "index.html")
    print(f"{where}: {pages} pages   ({time.perf_counter() - started:.0f} s)")
    return bool(built.warnings)


if __name__ == "__main__":
    sys.exit(main())
