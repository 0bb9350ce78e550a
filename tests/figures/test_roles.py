"""Who sees what: every way is drawn with all that is told of it, and nothing covers anything."""

from lib import figures
from lib.figures import roles


def drawn(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "show", lambda *given: shown.append(given))
    roles.who_sees_what()
    return shown[0]


def test_every_word_is_drawn_and_the_alternative_names_every_way(monkeypatch):
    figure, alt = drawn(monkeypatch)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert all(words in texts for way in roles.WAYS for words in way)
    assert all(way[0].replace("\n", " ").lower() in alt.lower() for way in roles.WAYS)
    assert figure.axes[0].get_title() and figure.get_size_inches()[0] < 10
    assert figures.png(figure, alt)[:4] == b"\x89PNG"


def test_no_text_covers_another(monkeypatch):
    figure, _ = drawn(monkeypatch)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert not [
        (i, j) for i, one in enumerate(boxes) for j, other in enumerate(boxes[:i]) if one.overlaps(other)
    ]
    inside = figure.bbox
    assert all(inside.x0 <= box.x0 and box.x1 <= inside.x1 for box in boxes)
