"""`python -m lib.workbook.classroom`: editions for students and teachers, and a course for nbgrader."""

import argparse
import os
import sys

from lib.workbook.classroom import editions, guide
from lib.workbook.lessons import paths


def main() -> None:
    """Write what was asked for below `build/`, and say where."""
    parser = argparse.ArgumentParser(prog="python -m lib.workbook.classroom", description=__doc__)
    parser.add_argument("what", choices=("student", "teacher", "assignments"))
    parser.add_argument("lessons", nargs="*", help="numbers, as 02; all where none is given")
    arguments = parser.parse_args()
    wanted = [number.zfill(2) for number in arguments.lessons]
    chosen = [path for path in paths() if not wanted or path.name[:2] in wanted]
    if not chosen or len(chosen) < len(set(wanted)):
        parser.error(f"no such lesson; there are {', '.join(path.name[:2] for path in paths())}")
    written = guide.teacher(chosen) if arguments.what == "teacher" else editions.assignments(chosen)
    if arguments.what == "student":
        written = editions.student(chosen)
    print(os.path.relpath(written))


if __name__ == "__main__":
    sys.exit(main())
