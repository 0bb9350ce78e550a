"""The page without a browser: what its controls do, that an attack runs on its button alone, what it shows
without a kernel."""

import base64
import io
import re

import pytest
from PIL import Image

from lib.workbook.explorer import Choice, Outcome, explorer, outcome


@pytest.fixture
def page():
    return explorer(Choice("chelsea", 32, "etc", block=8, seed=5))


def alt(page):
    return re.search(r'alt="([^"]+)"', page.picture.value)[1]


def test_it_begins_with_its_choice(page):
    assert page.choice == Choice("chelsea", 32, "etc", 8, seed=5)
    assert [box.description for box in page.steps.children] == list(page.choice.steps)
    assert page.attack.value == "jigsaw" and page.block.options == (2, 4, 8, 16)
    assert "chelsea, 32x32" in alt(page) and "No attack was run." in page.status.value


def test_every_control_changes_choice_and_picture(page):
    seen = {page.picture.value}
    moves = [
        (page.photo, "hopper"),
        (page.size, 64),
        (page.block, 16),
        (page.seed, 6),
        (page.steps.children[2], False),
    ]
    for count, (control, value) in enumerate([*moves, (page.scheme, "tanaka")], 2):
        control.value = value
        seen.add(page.picture.value)
        assert len(seen) == count
    assert page.choice == Choice("hopper", 64, "tanaka", 16, seed=6)


def test_a_scheme_brings_its_steps_blocks_and_attacks(page):
    page.scheme.value = "skk"
    assert page.choice.block == 1 and page.block.layout.display == "none" and page.attack.value == "likeliest"
    page.scheme.value = "ele"
    assert page.block.layout.display is None and page.choice == Choice("chelsea", 32, "ele", 8, seed=5)
    assert len(page.steps.children) == 3 and page.attack.value == "leading-bit"
    page.scheme.value = "etc-gray"
    assert page.attack.value == "jigsaw-grey" and not page.button.disabled
    page.scheme.value = "shf"
    assert not page.button.disabled and page.attack.value == "one-photograph"


def test_an_attack_stays_chosen_while_it_is_there_and_another_scheme_begins_with_its_strongest(page):
    page.attack.value = "one-key-etc"
    page.block.value = 4
    assert page.attack.value == "one-key-etc"
    page.size.value = 64
    assert page.attack.value == "jigsaw", "many ciphertexts are for small pictures"
    page.attack.value = "none"
    page.size.value = 32
    assert page.attack.value == "none" and page.button.disabled
    page.scheme.value = "ele"
    page.scheme.value = "tanaka"
    assert page.attack.value == "one-photograph"


def test_steps_stay_off_when_size_or_block_change(page):
    page.steps.children[1].value = False
    page.block.value, page.size.value = 16, 96
    assert page.choice == Choice(
        "chelsea", 96, "etc", 16, ("permute", "negative-positive", "colour shuffle"), 5
    )


def test_a_block_that_no_longer_fits_gives_way_to_the_nearest(page):
    page.size.value = 64
    page.block.value = 32
    page.size.value = 32
    assert page.choice.block == 16 and page.block.value == 16


def test_only_the_button_attacks_and_a_change_takes_the_outcome_away(page, monkeypatch):
    page.attack.value = "table-reader"
    assert "No attack was run. The button runs table-reader." in page.status.value
    before = page.picture.value
    page.button.click()
    assert (
        "table-reader, with 5 chosen pictures: 100.0%" in page.status.value
        and "Verdict: broken." in page.status.value
    )
    assert page.picture.value != before and "Verdict: broken." in alt(page) and not page.button.disabled
    page.seed.value = 9
    assert "No attack was run." in page.status.value and "Verdict" not in alt(page)


def test_a_status_tells_what_runs_and_what_failed(page, monkeypatch):
    said = []
    page.status.observe(lambda change: said.append(change["new"]), "value")

    def failing(choice, name):
        assert page.button.disabled and "jigsaw runs" in page.status.value
        raise ZeroDivisionError("<by zero>")

    monkeypatch.setattr(outcome, "attack", failing)
    page.button.click()
    assert "jigsaw failed: ZeroDivisionError: &lt;by zero&gt;" in said[-1] and not page.button.disabled
    monkeypatch.setattr(outcome, "attack", lambda choice, name: Outcome(name, reason="it declines"))
    page.button.click()
    assert "jigsaw gives no picture: it declines." in said[-1]


@pytest.mark.parametrize("control, value", [("seed", 6), ("attack", "pairs-etc")])
def test_what_was_chosen_meanwhile_is_not_shown_with_an_older_outcome(page, monkeypatch, control, value):
    real, disabled = outcome.attack, []

    def slow(choice, name):
        done = real(choice, name)
        getattr(page, control).value = value  # as another thread does it in JupyterLab
        disabled.append(page.button.disabled)
        return done

    page.attack.value = "table-reader"
    monkeypatch.setattr(outcome, "attack", slow)
    page.button.click()
    assert "No attack was run." in page.status.value and "No attack was run." in alt(page)
    assert disabled == [True], "one attack at a time"
    assert not page.button.disabled and page.button.description == "Attack"


def test_where_no_kernel_runs_there_is_a_picture_with_its_text(page):
    data, metadata = page._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).width > 400
    assert metadata["image/png"]["alt"].startswith("chelsea, 32x32")


def test_every_control_has_a_label_and_says_what_it_is(page):
    for control in (page.photo, page.size, page.scheme, page.block, page.seed, page.attack):
        assert control.description and control.tooltip
    assert all(box.description for box in page.steps.children) and page.button.description == "Attack"
