"""A schematic of InstaHide and of its attack, for lesson 32."""

from lib import figures
from lib.figures.schematics import arrow, box

ALT = (
    "Two rows of boxes. Above, what the owner does: two private and four public pictures are mixed with "
    "random coefficients, every value gets a random sign, and the encryption is published with a mixed "
    "label. Below, what the attacker does: sizes, encryptions that share a picture, a regression on "
    "products, signs by neighbours, refinement, and the private pictures come out."
)
OWNER = ("2 private and\n4 public pictures", "random\ncoefficients", "random sign\nof each value")
ATTACK = (
    "sizes |y|",
    "which share\na picture?",
    "regression of\ny² on products",
    "signs by\nneighbours",
    "refine",
)


def pipeline() -> None:
    """Above the encryption, below the attack."""
    figure, axis = figures.new(11, 3.0, title="InstaHide and the attack on it")
    for row, (name, steps, end) in enumerate(
        (("owner", OWNER, "encryptions and\nmixed labels"), ("attacker", ATTACK, "private\npictures"))
    ):
        y, x = -1.6 * row, 1.2
        axis.text(0, y, name, va="center", fontsize=10, weight="bold")
        for step in steps:
            x = arrow(axis, box(axis, x, y, 1.65, step), y, x + 2.0)
        box(axis, x, y, 1.65, end, dark=True)
    axis.set(xlim=(-0.1, 13.1), ylim=(-2.2, 0.6))
    axis.set_aspect("equal")
    axis.axis("off")
    figures.show(figure, ALT)
