"""A schematic of NeuraCrypt's encoder and of the attack on it, for lesson 33."""

from lib import figures
from lib.figures.schematics import arrow, box

ALT = (
    "Two rows of boxes. Above, what the owner does: a picture is cut into patches; random layers make a "
    "vector of each; a random vector is added for its position; a last random layer; the vectors are "
    "shuffled and published. Below, what the attacker does: vectors of all encodings are put in one order of "
    "places; moments of patches are compared with moments of vectors; places and pictures are matched in "
    "turn; matched pairs teach a decoder; new encodings are read."
)
ROWS = {
    "owner": ("picture in\npatches", "random layers,\nReLU", "add a vector\nfor the position",
              "last random\nlayer", "shuffled\nvectors"),
    "attacker": ("one order of\nplaces", "likeness of\npatch and vector", "match places\nand pictures",
                 "learn from\nmatched pairs", "read new\nencodings"),
}  # fmt: skip


def pipeline() -> None:
    """Above the encoder, below the attack."""
    figure, axis = figures.new(11, 3.0, title="NeuraCrypt and the attack on it")
    for row, (name, steps) in enumerate(ROWS.items()):
        y, x = -1.6 * row, 1.2
        axis.text(0, y, name, va="center", fontsize=10, weight="bold")
        for step in steps[:-1]:
            x = arrow(axis, box(axis, x, y, 1.8, step), y, x + 2.25)
        box(axis, x, y, 1.8, steps[-1], dark=True)
    axis.set(xlim=(-0.1, 12.2), ylim=(-2.2, 0.6))
    axis.set_aspect("equal")
    axis.axis("off")
    figures.show(figure, ALT)
