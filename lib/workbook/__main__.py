"""Run lessons: `python -m lib.workbook tour` as `make run` does, `course` all, `store` their outputs."""

import argparse
import json
import os
import sys
import time

from lib.workbook import lessons, notebooks
from lib.workbook.sweeps import recorded
from lib.workbook.sweeps.runs import why


def tour() -> int:
    """Run lesson 00 into `build/`, print what it records, build the site with it; the exit status."""
    from lib.workbook.site.build import build

    started, lesson = time.perf_counter(), lessons.paths()[0]
    done = lessons.BUILD / lesson.name
    lessons.BUILD.mkdir(exist_ok=True)
    failure = notebooks.execute(notebooks.read(lesson), done, {}, lessons.NOTEBOOKS, progress=True)
    page = os.path.relpath(build(instead={lesson: done}).folder / f"{lesson.stem}.html")
    if failure:
        print(f"failed: {why(failure._asdict())}; {page}", file=sys.stderr)
        return 1
    print(f"\n{'scheme':<18}{'accuracy on ciphertexts':>25}   what the attack recovered")
    for row in recorded(json.loads(done.read_text(encoding="utf-8"))):
        print(f"{row['scheme']:<18}{row['accuracy']:>24.1%}    {row['recovered']}")
    print(f"\nThe lesson as a page: {page}   ({time.perf_counter() - started:.0f} s)")
    return 0


def main() -> int:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # for the kernels; see the Makefile
    parser = argparse.ArgumentParser(prog="python -m lib.workbook", description=__doc__)
    parser.add_argument("what", choices=("tour", "course", "store"))
    which = "numbers, as 02, or names of notebooks in grids; all where none is given"
    parser.add_argument("lessons", nargs="*", help=which)
    arguments = parser.parse_args()
    wanted = [name.zfill(2) for name in arguments.lessons]
    every = lessons.paths() + (lessons.grids() if arguments.what == "store" else [])
    chosen = [path for path in every if not wanted or path.name[:2] in wanted or path.stem in wanted]
    if not chosen:
        parser.error(f"no such lesson; there are {', '.join(path.name[:2] for path in lessons.paths())}")
    if arguments.what == "store":
        lessons.store(chosen)
        return 0
    if arguments.what == "tour":
        return tour()
    from lib.workbook.course import course  # not in the student edition

    return course(chosen)


if __name__ == "__main__":
    sys.exit(main())
