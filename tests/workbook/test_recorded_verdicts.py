"""`lib.workbook.recorded_verdicts`: the records are whole, say what theory says, and are of today's judge."""

import json

import pytest

from lib import Key, schemes
from lib.attacks import CHOSEN, MANY, ONE, PAIRS
from lib.formats import read
from lib.judge import VERSION
from lib.judge.served import SERVED
from lib.judge.verdict import Verdict
from lib.workbook import recorded_verdicts as recorded

RECORDS = sorted(recorded.FOLDER.glob("*.json"))
VERDICTS = recorded.recorded()


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_a_small_verdict_on_a_subject(path):
    verdict, subject = read(Verdict, path), recorded.SUBJECTS[path.stem]
    assert verdict.judge == VERSION and verdict.cipher == path.stem and verdict.shape == subject.shape
    assert verdict.budget == recorded.BUDGET and verdict.pictures == {}
    assert path.stat().st_size < 30_000
    assert not [finding for finding in verdict.contract if finding.name in ("raises", "hangs", "answers")]


def test_both_ends_of_the_scale_are_recorded():
    plain, pad = VERDICTS["plain"], VERDICTS["one-time-pad"]
    assert plain.outcome == "broken" and plain.leak(ONE).low > 0.99
    assert pad.outcome == "not broken by what was tried" and abs(pad.leak().high) < 0.05
    assert pad.learnability.cipher < pad.learnability.nearest_mean_colour < plain.learnability.cipher


def test_one_key_for_all_is_read_and_the_block_decides_what_one_ciphertext_shows():
    for name, verdict in VERDICTS.items():
        if not getattr(recorded.SUBJECTS[name].factory(Key.from_seed(1)), "per_image", False):
            assert recorded.best(verdict, CHOSEN).leak.low > 0.9, name
    small, large = (recorded.best(VERDICTS[name], ONE).leak for name in ("etc-4", "etc-16"))
    assert small.value < 0.3 < 0.5 < large.low


def test_whoever_serves_a_model_with_the_key_reads_it():
    """Substitutions, matrices and what has a key per image go into no patch map of one key."""
    held = {name for name, verdict in VERDICTS.items() if recorded.best(verdict, SERVED)}
    assert held == {
        "plain", "tanaka-4", "ele-4", "skk", "etc-4", "etc-16", "shf-4", "np-4", "block-pixel-4",
        "block-pixel-16", "restricted-4", "restricted-16", "cfe-v1-16", "cfe-v2-16",
    }  # fmt: skip
    assert all(recorded.best(VERDICTS[name], SERVED).leak.low > 0.99 for name in held)


def test_a_verdict_of_an_older_judge_is_missing(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(recorded, "judged", lambda name: asked.append(name) or VERDICTS[name])
    old = VERDICTS["skk"].model_copy(update={"judge": "judge 0"})
    old.save(recorded.path_of("skk", tmp_path))
    for name in set(recorded.SUBJECTS) - {"skk"}:
        VERDICTS[name].save(recorded.path_of(name, tmp_path))
    assert recorded.main([], tmp_path) == 0 == recorded.main([], tmp_path) and asked == ["skk"]


def test_every_scheme_is_a_subject_and_blocks_of_16_have_larger_pictures():
    made = {subject.factory(Key.from_seed(1)) for subject in recorded.SUBJECTS.values()}
    assert {type(each).name for each in made if isinstance(each, schemes.Scheme)} >= {
        "tanaka", "ele", "skk", "etc", "etc-gray", "shf", "np", "ffx", "block-pixel", "restricted", "cfe",
        "otp",
    }  # fmt: skip
    for name, subject in recorded.SUBJECTS.items():
        assert subject.side == (64 if "16" in name else 32), name


def test_a_record_is_what_comes_out_today():
    """Random orthogonal matrices, the cheapest: no network reads what they give."""
    today, kept = recorded.judged("random-orthogonal-4"), VERDICTS["random-orthogonal-4"]
    assert (today.outcome, today.structure) == (kept.outcome, kept.structure)
    assert [each.name for each in today.contract] == [each.name for each in kept.contract]
    assert [each.attack for each in today.attempts] == [each.attack for each in kept.attempts]
    for one, other in zip(today.attempts, kept.attempts):
        assert one.needs == other.needs and one.refused == other.refused
        assert one.leak.value == pytest.approx(other.leak.value, abs=0.05), one.attack


def test_what_is_recorded_is_skipped_and_what_is_named_is_judged_again(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(recorded, "judged", lambda name: asked.append(name) or VERDICTS["skk"])
    monkeypatch.setattr(recorded.readme, "rewrite", lambda *_: pytest.fail("the README is of other records"))
    assert recorded.main(["skk", "plain"], tmp_path) == 0 and asked == ["skk", "plain"]
    assert json.loads(recorded.path_of("skk", tmp_path).read_text())["cipher"] == "skk"
    assert recorded.main(["skk"], tmp_path) == 0 and asked == ["skk", "plain", "skk"]
    assert recorded.main([], tmp_path) == 0
    assert asked[3:] == [name for name in recorded.SUBJECTS if name not in ("skk", "plain")]
    assert "skk: broken" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        recorded.main(["nothing"], tmp_path)
    assert "unknown: nothing" in capsys.readouterr().err


def test_the_table_tells_leaks_with_what_was_needed():
    head, rows = recorded.table({name: VERDICTS[name] for name in ("etc-4", "one-time-pad")})
    assert head == ["cipher", "pixels", "outcome", CHOSEN, PAIRS, MANY, ONE, SERVED]
    assert rows[0][:3] == ["EtC, blocks of 4", "32x32", "broken"]
    assert rows[0][3].startswith("1.00 (1.00 to 1.00), ") and rows[0][3].endswith(" queries")
    assert rows[0][7].endswith("1 served model, 1 checkpoint") and rows[1][7] == "not tried"
    assert rows[1][3:6] == ["not tried"] * 3 and rows[1][6].endswith("1 ciphertext")
    assert "-0.00" not in str(rows)


def test_of_equal_attacks_the_cheapest_is_told():
    plain = recorded.best(VERDICTS["plain"], ONE)
    assert plain.leak.low == 1 and sum(plain.needs.values()) == 1
    assert recorded.best(VERDICTS["one-time-pad"], CHOSEN) is None
    assert recorded.told(VERDICTS["one-time-pad"], CHOSEN) == "not tried"


def test_an_attack_that_had_too_few_pictures_is_told_as_open():
    fields = json.loads(VERDICTS["one-time-pad"].model_dump_json())
    mine = [each for each in fields["attempts"] if each["leak"]]
    assert "open" not in recorded.told(Verdict.model_validate_json(json.dumps(fields)), ONE)
    mine[0]["leak"] = {"value": 0.2, "low": -0.1, "high": 0.5, "images": 8}
    verdict = Verdict.model_validate_json(json.dumps(fields))
    assert [each.attack for each in recorded.unsettled(verdict, ONE)] == [mine[0]["attack"]]
    assert recorded.told(verdict, ONE).endswith(f"; open: {mine[0]['attack']}, -0.10 to 0.50, of 8 pictures")
    assert recorded.unsettled(verdict, CHOSEN) == []


def test_the_readme_shows_the_records():
    text = recorded.readme.README.read_text(encoding="utf-8")
    assert text == recorded.readme.with_part(text, "judged", recorded.markdown())
