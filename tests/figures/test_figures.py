"""Figures carry text alternatives, draw what they are given, and tables say the same in text and HTML."""

import io

import numpy as np
import pytest
from PIL import Image

from lib import figures

ALT = "a sentence that tells what is to be seen"


@pytest.fixture
def shown(monkeypatch):
    """What lessons would display, collected."""
    collected = []
    monkeypatch.setattr("IPython.display.display", collected.append)
    return collected


def png(image):
    return np.asarray(Image.open(io.BytesIO(image.data)).convert("L")).astype(int)


def test_pictures_show_the_pixels_under_their_names(shown):
    dark, bright = np.full((4, 4, 3), 10, np.uint8), np.full((4, 4), 240, np.uint8)
    figures.pictures({"dark": dark, "bright": bright}, alt=ALT)
    assert shown[0].metadata == {"alt": ALT} or shown[0].alt == ALT
    levels = png(shown[0])
    h, w = levels.shape
    assert levels[2 * h // 3, w // 4] == 10 and levels[2 * h // 3, 3 * w // 4] == 240


def test_every_kind_of_figure_differs_with_its_data(shown):
    for low in (1, 2):
        figures.curves({"a": ([1, 2, 3], [low, 5, 9])}, "x", "y", ALT)
        figures.histograms({"a": np.arange(12 * low, dtype=np.uint8).reshape(-1, 4, 3)}, ALT)
        figures.bars({"a": 3.0, "b": float(low)}, "value", ALT)
        figures.ranges(
            {"first": {"a": [3, 4.5], "b": [low]}, "second": {"b": [5, 6]}}, "value", ALT, chance=4
        )
    images = [png(image) for image in shown]
    for kind in range(4):
        assert images[kind].shape == images[kind + 4].shape and (images[kind] != images[kind + 4]).any()


def test_an_alternative_is_demanded(shown):
    with pytest.raises(ValueError, match="text alternative"):
        figures.pictures({"a": np.zeros((4, 4, 3), np.uint8)}, alt="photo")
    assert not shown


def test_steps_are_applied_one_after_the_other(shown, monkeypatch):
    from lib import Key
    from lib.schemes import EtC

    seen = {}
    monkeypatch.setattr(figures, "pictures", lambda images, alt, **options: seen.update(images))
    scheme = EtC(Key.from_seed(1))
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    figures.after_each_step(image, scheme.steps(image.shape), ALT)
    assert list(seen) == [
        "plain",
        "1. permute",
        "2. rotate and mirror",
        "3. negative-positive",
        "4. colour shuffle",
    ]
    assert (seen["4. colour shuffle"] == scheme.encrypt(image)).all()


def test_a_table_says_the_same_in_text_and_html():
    table = figures.table(["scheme", "bits"], [["shf<", 202.94], ["ele", 38329.7], ["otp", np.inf]], "keys")
    assert str(table) == "keys\nscheme  bits\nshf<     202.9\nele     38,330\notp          ∞"
    assert (
        "shf&lt;" in table._repr_html_()
        and "38,330" in table._repr_html_()
        and 'scope="row"' in table._repr_html_()
    )


def test_a_histogram_stands_below_each_image_and_a_missing_one_leaves_its_place():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    dark = np.full((8, 24), 3, np.uint8)
    figure = figures.over_histograms({"a": image, "b": dark, "c": None})
    above, below = np.reshape(figure.axes, (2, 3))
    assert [axis.get_title() for axis in above] == ["a", "b", "c"]
    assert (above[0].images[0].get_array() == image).all() and not above[2].images
    counts = below[1].collections[0].get_paths()[0].vertices[:, 1].max()
    assert counts == 100, "all bytes of b are alike"
    assert not below[2].collections and figures.png(figure, ALT)[:4] == b"\x89PNG"
