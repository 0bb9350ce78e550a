"""The picture that opens the README is what its command draws, and says what is to be seen."""

import base64

import numpy as np
from PIL import Image

import conftest
from lib import datasets, figures
from lib.workbook import readme, readme_picture
from lib.workbook.readme_picture import ALT, PHOTO, SIDE, STORY


def encoded(png):
    return base64.b64encode(png).decode()


def test_it_is_small_and_the_first_in_the_readme_with_its_alternative():
    text = readme.README.read_text(encoding="utf-8")
    assert STORY.stat().st_size < 150_000
    assert text.index(f"![{ALT}](data/pictures/{STORY.name})") == text.index("![")
    assert Image.open(STORY).text["Description"] == ALT


def test_it_is_what_the_attack_returns_today():
    plain, cipher, read = (panels := readme_picture.story()).values()
    assert (plain == datasets.photo(PHOTO, SIDE)).all() and np.mean(cipher == plain) < 0.05
    right = f"{np.mean(read == plain):.0%}"
    assert list(panels)[-1] == f"read without the key: {right} right"
    drawn = figures.png(figures.picture_grid(panels, size=2.6), ALT)
    stored = encoded(STORY.read_bytes())
    assert conftest.rms(stored, encoded(drawn)) < conftest.LIMIT
    other = panels | {list(panels)[-1]: cipher}
    assert conftest.rms(stored, encoded(figures.png(figures.picture_grid(other, size=2.6), ALT))) > 10
