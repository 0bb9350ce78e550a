"""What encrypt and decrypt print of their files."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lib.cli import jobs


def note(text: str) -> None:
    """A line on stderr, of what is good to know."""
    print(f"note: {text}", file=sys.stderr)


def note_left(files: list[Path]) -> None:
    """Of files that are no images."""
    if files:
        note(f"{len(files):,} other file{'s' * (len(files) != 1)} left alone, such as {files[0]}")


def work_through(verb: str, args: argparse.Namespace, plan: tuple, work: Callable) -> int:
    """Do all jobs of a plan of `lib.cli.jobs`, and print what became of them; the exit status."""
    (todo, left), start = plan, time.perf_counter()
    done = jobs.run(work, todo, args.workers)
    failed = [outcome for outcome in done if outcome.error is not None]
    for text, number in Counter(outcome.note for outcome in done if outcome.note).items():
        note(f"{number:,} file{'s' * (number != 1)}: {text}")
    note_left(left)
    _print_failures(failed, len(todo))
    skipped, seconds = sum(outcome.skipped for outcome in done), time.perf_counter() - start
    made, lost = len(done) - len(failed) - skipped, len(failed)
    print(f"{verb} {made:,}, skipped {skipped:,} done before, failed {lost:,}, in {seconds:.1f} s")
    return 1 if failed else 0


def _print_failures(failed, number):
    if len(failed) == number > 10 and len({outcome.error for outcome in failed}) == 1:
        print(f"failed: all {number:,} files: {failed[0].error}", file=sys.stderr)
    else:
        for outcome in failed:
            print(f"failed: {outcome.job.source}: {outcome.error}", file=sys.stderr)
    if failed and failed[-1].stop:
        why = "stopped, for no other file would fare better; run the same command again to go on"
        print(f"error: {why}", file=sys.stderr)
