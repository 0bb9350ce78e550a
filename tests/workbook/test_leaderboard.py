"""`lib.workbook.leaderboard`: what is entered comes back, ranked; what contradicts itself is refused."""

import json

import pytest

from lib.workbook import leaderboard
from lib.workbook import recorded_verdicts as recorded

VERDICTS = recorded.recorded()
LE = VERDICTS["tanaka-4"]


def changed(change, verdict=LE):
    """A verdict whose record was edited."""
    fields = json.loads(verdict.model_dump_json())
    change(fields)
    return type(verdict).model_validate_json(json.dumps(fields))


def best(fields, threat="chosen plaintext"):
    return next(each for each in fields["attempts"] if each["threat"] == threat and each["leak"])


def less(fields):
    """One leak made small, and its line with it."""
    best(fields)["leak"] |= {"value": 0.01, "low": 0.0, "high": 0.02}


def line(fields):
    fields["summary"] = [each.replace("1.00", "0.01") for each in fields["summary"]]


def no_attack(fields):
    fields["attempts"] = [each for each in fields["attempts"] if each["threat"] != "one ciphertext"]


EDITED = {
    "its outcome": lambda fields: fields.update(outcome="leaks"),
    "a better outcome": lambda fields: fields.update(outcome="not broken by what was tried"),
    "a leak": less,
    "a line": line,
    "an attack taken out": no_attack,
    "no attacks": lambda fields: fields.update(attempts=[], outcome="not broken by what was tried"),
    "all but the attacks": lambda fields: fields.update(attempts=[], summary=[]),
    "no verdict": lambda fields: fields.update(outcome="cannot be judged", attempts=[], summary=[]),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "board.json"


def test_an_entry_comes_back_as_it_was_entered(path):
    assert leaderboard.load(path).entries == []
    board = leaderboard.enter(path, LE, "LE", "Ada")
    board = leaderboard.enter(path, recorded.path_of("one-time-pad"), "a pad", "Ben")
    assert leaderboard.load(path) == board and [each.name for each in board.entries] == ["LE", "a pad"]
    entry = board.entries[0]
    assert (entry.author, entry.outcome, entry.judge) == ("Ada", LE.outcome, leaderboard.VERSION)
    assert entry.learnability == LE.learnability and entry.digest == leaderboard.digest(LE)
    assert {threat: each.leak for threat, each in entry.leaks.items()} == {
        threat: recorded.best(LE, threat).leak for threat in recorded.THREATS
    }


def test_a_second_verdict_of_the_same_cipher_takes_the_place_of_the_first(path):
    leaderboard.enter(path, LE, "mine", "Ada")
    leaderboard.enter(path, LE, "mine", "Ben")
    board = leaderboard.enter(path, VERDICTS["one-time-pad"], "mine", "Ada")
    assert [(each.author, each.outcome) for each in board.entries] == [
        ("Ben", "broken"),
        ("Ada", "not broken by what was tried"),
    ]


@pytest.mark.parametrize("name", EDITED)
def test_a_verdict_that_was_edited_is_refused_and_the_board_stays(path, name):
    leaderboard.enter(path, LE, "LE", "Ada")
    before = path.read_text()
    with pytest.raises(ValueError, match=r"is refused: .*; judge the cipher again"):
        leaderboard.enter(path, changed(EDITED[name]), "LE", "Ada")
    assert path.read_text() == before


def test_a_verdict_of_another_version_or_a_damaged_one_is_refused(path, tmp_path):
    with pytest.raises(ValueError, match="version 2"):
        leaderboard.enter(path, LE.model_copy(update={"version": 2}), "LE", "Ada")
    file = tmp_path / "verdict.json"
    file.write_text(LE.model_dump_json()[:-9])
    with pytest.raises(ValueError, match="not whole JSON"):
        leaderboard.enter(path, file, "LE", "Ada")
    with pytest.raises(ValueError, match="name of 1 to 60"):
        leaderboard.enter(path, LE, "", "Ada")
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda entry: entry.update(judge="judge 0"), "of 'judge 0'"),
        (lambda entry: entry.update(outcome="leaks"), "make it 'broken'"),
        (
            lambda entry: entry["leaks"]["chosen plaintext"]["leak"].update(value=0.2),
            "outside of its interval",
        ),
        (
            lambda entry: entry["leaks"].update({"magic": entry["leaks"]["one ciphertext"]}),
            "threat model 'magic'",
        ),
        (lambda entry: entry.update(digest="0"), "entries.0.digest is"),
        (lambda entry: entry.update(points=7), "points"),
    ],
)
def test_a_board_with_a_wrong_entry_is_refused(path, change, told):
    leaderboard.enter(path, LE, "LE", "Ada")
    fields = json.loads(path.read_text())
    change(fields["entries"][0])
    path.write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=told):
        leaderboard.load(path)


def test_an_entry_that_stands_there_twice_is_refused(path):
    leaderboard.enter(path, LE, "LE", "Ada")
    fields = json.loads(path.read_text())
    fields["entries"] *= 2
    path.write_text(json.dumps(fields))
    with pytest.raises(ValueError, match="LE by Ada stands there twice"):
        leaderboard.load(path)


def test_what_is_learned_from_comes_first_then_what_leaks_less(path):
    def hidden(fields):
        """As LE, but that nothing leaks."""
        fields["attempts"] = [best(fields, "one ciphertext")]
        fields["attempts"][0]["leak"] |= {"value": 0.01, "low": 0.0, "high": 0.02}
        fields["summary"] = ["With one ciphertext: leak 0.01 (0.00 to 0.02), by somebody."]
        fields |= {"structure": [], "outcome": "not broken by what was tried"}

    leaderboard.enter(path, LE, "LE", "Ada")
    leaderboard.enter(path, VERDICTS["one-time-pad"], "pad", "Ada")
    leaderboard.enter(path, VERDICTS["plain"], "plain", "Ada")
    board = leaderboard.enter(path, changed(hidden), "hidden", "Ada")
    assert [each.name for each in board.ranked()] == ["hidden", "plain", "LE", "pad"]
    head, rows = board.table()
    assert [row[:2] for row in rows] == [["1", "hidden"], ["2", "plain"], ["3", "LE"], ["4", "pad"]]
    assert rows[3][head.index("chosen plaintext")] == "not tried"
    assert rows[0][head.index("one ciphertext")] == "0.01" and rows[0][-1] == "not tried"


def test_a_cipher_whose_key_does_not_matter_is_broken_whatever_leaks():
    entry = leaderboard.entry_of(VERDICTS["plain"], "plain", "Ada")
    assert entry.keyless and entry.outcome == "broken"
    assert not leaderboard.entry_of(LE, "LE", "Ada").keyless


def test_the_example_holds_the_recorded_verdicts():
    board = leaderboard.load(leaderboard.EXAMPLE)
    digests = {leaderboard.digest(verdict) for verdict in VERDICTS.values()}
    assert {each.digest for each in board.entries} == digests and len(digests) == len(board.entries)


def test_a_ciphertext_that_is_told_from_noise_leaks_though_no_attack_shows_a_picture():
    pad = VERDICTS["one-time-pad"]
    entry = leaderboard.entry_of(pad, "pad", "Ada")
    shown = entry.model_dump() | {"structure": [leaderboard.SHOWN]}
    with pytest.raises(ValueError, match="make it 'leaks'"):
        leaderboard.Entry.model_validate(shown)
    assert leaderboard.Entry.model_validate(shown | {"outcome": "leaks"}).leak < 0.05


def test_from_the_shell(path, capsys):
    verdict = str(recorded.path_of("tanaka-4"))
    assert leaderboard.main([str(path)]) == 0 and "no entries yet" in capsys.readouterr().out
    assert leaderboard.main([str(path), verdict, "--name", "LE", "--author", "Ada"]) == 0
    assert "Ada" in capsys.readouterr().out and leaderboard.load(path).entries[0].name == "LE"
    with pytest.raises(SystemExit):
        leaderboard.main([str(path), verdict])
    assert "--author" in capsys.readouterr().err
    assert leaderboard.main([str(path.with_name("all.json")), "--recorded"]) == 0
    assert len(leaderboard.load(path.with_name("all.json")).entries) == len(VERDICTS)
