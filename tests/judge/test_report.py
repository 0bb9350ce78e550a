"""The page: whole by itself, for readers who see no pictures, and safe from what a cipher is called."""

import base64
import io
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from lib.judge.report import SHOWN, page, strips
from lib.judge.verdict import Finding, Learnability

from .helpers import drawn
from .test_verdict import attempt, verdict

NAME = 'a <b>&" cipher'


class Seen(HTMLParser):
    """Every tag, with its attributes, and all text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def full():
    png = strips(SimpleNamespace(truth=drawn(9, 8, 8, 3), ciphers=drawn(9, 8, 8, 3), dtype="uint8", shown={}))
    learned = Learnability(
        cipher=0.25, plain=0.75, pad=0.125, nearest_mean_colour=0.5, chance=0.1, seconds=2.0
    )
    bad = Finding(name="keys", good=False, text="Under <another> key nothing differs.")
    refused = attempt(attack="jigsaw", refused="it needs 16 <pieces>")
    return verdict(cipher=NAME, contract=[bad], pictures=png, learnability=learned,
                   attempts=[attempt(0.25), refused])  # fmt: skip


def test_it_asks_nothing_of_a_network(full):
    text = page(full)
    assert "http" not in text and "//" not in re.sub(r"base64,[\w+/=]*", "", text)
    seen = Seen(text)
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in seen.tags}
    sources = [attrs["src"] for _, attrs in seen.tags if "src" in attrs]
    assert len(sources) == 2 and all(source.startswith("data:image/png;base64,") for source in sources)
    assert not any(name.startswith("on") for _, attrs in seen.tags for name in attrs)


def test_every_picture_has_a_text_and_every_tag_its_end(full):
    seen = Seen(page(full))
    assert seen.open == []
    texts = [attrs.get("alt") for tag, attrs in seen.tags if tag == "img"]
    assert texts == [f"{SHOWN} pictures: plain", f"{SHOWN} pictures: encrypted"]
    assert ("html", {"lang": "en"}) in seen.tags


def test_what_a_cipher_is_called_is_text(full):
    text = page(full)
    assert "<b>" not in text and "<another>" not in text and "<pieces>" not in text
    said = "".join(Seen(text).text)
    assert said.count(f"Verdict on {NAME}") == 2 and "Under <another> key" in said and "16 <pieces>" in said


def test_all_that_was_found_is_told(full):
    said = "".join(Seen(page(full)).text)
    for words in ("leaks", "Called: table of bytes", "an attack", "0.60 (0.25 to 1.00)", "50.0%",
                  "1 ciphertexts", "ciphertexts: 25.0%", "plain pictures: 75.0%", "a one-time pad: 12.5%",
                  "chance: 10.0%", "8x16 pixels", "budget quick"):  # fmt: skip
        assert words in said, words
    assert "left:25.0%;width:75.0%" in page(full)
    assert "Not tried." in "".join(Seen(page(verdict())).text)


def test_a_bar_stays_in_its_box():
    assert "left:0.0%;width:100.0%" in page(verdict(attempts=[attempt(-0.3)]))


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


def test_strips_are_pictures_side_by_side():
    truth, ciphers = drawn(12, 8, 10, 3), drawn(12, 8, 30, seed=1)
    case = SimpleNamespace(
        truth=truth, ciphers=ciphers, dtype="uint8", shown={"an attacker": (0.5, truth[:3])}
    )
    found = strips(case)
    assert list(found) == ["plain", "encrypted", "an attacker"]
    strip = decoded(found["plain"])
    assert strip.shape == (8, SHOWN * 12, 3)
    for i in range(SHOWN):
        np.testing.assert_array_equal(strip[:, 12 * i : 12 * i + 10], truth[i])
    grey = decoded(found["encrypted"])
    np.testing.assert_array_equal(grey[:, 32:62], np.repeat(ciphers[1, :, :, None], 3, axis=2))
    assert decoded(found["an attacker"]).shape == (8, 36, 3)


def test_ciphertexts_that_are_no_pictures_are_not_shown():
    case = SimpleNamespace(truth=drawn(9, 8, 8, 3), ciphers=np.zeros((9, 64)), dtype="float64", shown={})
    assert list(strips(case)) == ["plain"]
