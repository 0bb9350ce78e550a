"""Who sees what, in five ways to have a picture classified by somebody else: a schematic.

    from lib.figures import roles
    roles.who_sees_what()

Each way is a row from left to right: who has the pictures, what travels, who computes, what that one sees and
what has to be trusted.
"""

from matplotlib.axes import Axes

from lib import figures
from lib.figures.schematics import INK, arrow, box

TOLD = (
    "Five rows, each from the owner of pictures by what travels to whoever computes, with what that one sees "
    "and what must be trusted. One-time pad: noise, nothing can be computed. Learnable encryption: scrambled "
    "pictures, the scrambling is trusted. Homomorphic encryption: ciphertexts only, a lattice problem is "
    "trusted. Secret shares: two servers, noise each, trusted not to join them. DP-SGD: the trainer sees all "
    "pictures, whoever has the network learns little about any one."
)
"""The text alternative."""
HEADS = ((0.1, "has the pictures"), (6.15, "computes"), (9.0, "sees"), (12.3, "has to be trusted"))
WAYS = (
    ("one-time pad", "owner\nwith a new key", "as long as\nthe picture", "any server",
     "noise; it can\ncompute nothing", "that no key\nserves twice"),
    ("learnable\nencryption", "owner\nwith a key", "as long as\nthe picture", "server with\na network",
     "scrambled pictures;\nlabels, scores", "the scrambling;\nno proof"),
    ("homomorphic\nencryption", "client with\nthe secret key", "ciphertexts,\nmuch longer",
     "server with\na network", "ciphertexts alone", "a lattice problem;\nthe client's key"),
    ("secret shares", "client, who\nsplits pictures", "a share to\neach", "server 1   server 2",
     "noise, each of\nthe two", "that they do not\njoin shares; a dealer"),
    ("DP-SGD", "owners of training\npictures", "plain\npictures", "trainer, who\nadds noise",
     "trainer: all; users of\nthe network: little", "the trainer"),
)  # fmt: skip
"""Name; who has pictures; what travels; who computes; what that one sees; what is trusted."""


def who_sees_what() -> None:
    """The five ways, one below the other."""
    figure, axis = figures.new(9.6, 5)
    axis.set(aspect="equal", title="Who sees what")
    axis.axis("off")
    for x, head in HEADS:
        axis.text(x if x > 1 else 2.3, 0.75, head, fontsize=9, weight="bold", va="center")
    for row, way in enumerate(WAYS):
        _row(axis, -1.3 * row, *way)
    axis.set(xlim=(-0.1, 15.4), ylim=(-1.3 * len(WAYS) + 0.6, 1.1))
    figure.set_size_inches(9.6, 9.6 * (1.3 * len(WAYS) + 0.5) / 15.5 + 0.4)
    figures.show(figure, TOLD)


def _row(axis: Axes, y, name, owner, travels, computes, sees, trusted):
    axis.text(0, y, name, va="center", fontsize=9, weight="bold", linespacing=1.2)
    x = box(axis, 2.3, y, 2.1, owner)
    axis.text((x + 6.05) / 2, y - 0.1, travels, ha="center", va="top", fontsize=8, linespacing=1.2)
    x = box(axis, arrow(axis, x + 0.05, y, 6.05), y, 2.5, computes, dark=True)
    axis.plot([8.85, 8.85], [y - 0.4, y + 0.4], color=INK, lw=1)
    axis.text(9.0, y, sees, va="center", fontsize=8.5, linespacing=1.2)
    axis.text(12.3, y, trusted, va="center", fontsize=8.5, linespacing=1.2)
