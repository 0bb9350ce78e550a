"""The key explorer: choose picture, scheme and key parts; see plain, cipher, histogram, what an attack gets.

    from lib.workbook.explorer import Choice, attack, explorer, show

    explorer()                                                          # the page, for JupyterLab
    choice = Choice("hopper", 96, "etc", block=16, steps=("permute",))  # the same without it
    show(choice, attack(choice, "jigsaw"))

Only `page` knows of ipywidgets.
"""

from lib.workbook.explorer.choice import PHOTOS, SCHEMES, SEEDS, Choice, blocks, cipher_of, parts, pictures
from lib.workbook.explorer.outcome import Outcome, attack, attacks, strongest, with_control
from lib.workbook.explorer.seen import figure, in_words, sentence, show


def explorer(choice: Choice | None = None):
    """The page, a widget that begins with a choice; what it shows as long as no kernel runs is a picture."""
    from lib.workbook.explorer.page import Page

    return Page(choice or Choice())


__all__ = [
    "PHOTOS", "SCHEMES", "SEEDS", "Choice", "Outcome", "attack", "attacks", "blocks", "cipher_of", "explorer",
    "figure", "in_words", "parts", "pictures", "sentence", "show", "strongest", "with_control",
]  # fmt: skip
