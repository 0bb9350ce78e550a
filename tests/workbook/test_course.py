"""`lib.workbook.course`: minutes, checks, verdicts."""

import json

from lib.workbook import course, lessons
from tests.workbook.sweeps.books import SQUARE, book


def in_this_process(work, jobs, *_):
    return ((name, work(*arguments)) for name, arguments in jobs.items())


def test_the_course_tells_minutes_checks_and_verdicts(tmp_path, squares, capsys):
    checked = (
        "from types import SimpleNamespace\nfrom lib.workbook.checks import exercise\n@exercise\n"
        "def squared(answer):\n    assert answer == 9, 'no'\ncheck = SimpleNamespace(squared=squared)\n"
    )
    texts = ["# 90. Good\n\n**Verdict.** It holds. Yes.", "# 91. Bad", "# 92. Wrong"]
    ends = [
        "assert area == 9\ncheck.squared(area)",
        "assert area == 8, 'eight'",
        "print('squared: correct')\nother = 8\ncheck.squared(other)",
    ]
    paths = [tmp_path / f"{90 + i}_{name}.ipynb" for i, name in enumerate(("good", "bad", "wrong"))]
    for path, text, end in zip(paths, texts, ends):
        book(path, SQUARE, checked, end, text=text)
        made = json.loads(path.read_text())
        made["cells"][-1]["metadata"]["tags"] = ["solution"]
        path.write_text(json.dumps(made))
    assert course.course(paths, tmp_path / "course", in_this_process) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[1].startswith("90   Good") and lines[1].split()[-4:] == ["1", "of", "1", "holds"]
    assert lines[2].strip() == "It holds."
    assert lines[3].endswith("FAILED") and "AssertionError: eight" in lines[4]
    assert lines[5].endswith("FAILED") and lines[6].strip() == "a solution was not found correct"
    assert lines[7].startswith("3 lessons in") and "2 failures" in lines[7]
    assert (
        course.course(paths[:1], tmp_path / "course", in_this_process) == 0
        and "no failure. As" in capsys.readouterr().out
    )


def test_every_lesson_has_a_verdict():
    for path in lessons.paths():
        assert course.verdict(json.loads(path.read_text(encoding="utf-8"))) != "no verdict in words", path
