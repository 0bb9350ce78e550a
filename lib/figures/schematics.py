"""Schematics of networks, of three ways to train on ciphertexts, and of the judge, drawn from a few pieces.

    from lib.figures import schematics
    schematics.tanaka_network()

A network is a list of pieces from left to right: feature maps, as a stack of squares; images cut into blocks,
as a grid; a matrix; and between two of them the layers, as an arrow with words. Numbers of channels are those
of `lib.models`, which tests compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from lib import figures

INK, SHADE, PALE = figures.COLOURS[0], "#c9d3de", "#f1f4f7"

TOLD = {
    "tanaka_network":
        "Tanaka's adaptation network as a chain of feature maps. A ciphertext of 3 channels and 32 x "
        "32 pixels becomes 48 channels of 8 x 8 places by a convolution of the block's size and "
        "stride, then 48, then 512 by convolutions of 1 x 1; a pixel shuffle lays 512 as 32 channels "
        "of 32 x 32 for a classifier.",
    "le_adaptnet":
        "LE-AdaptNet as a chain of feature maps. A ciphertext of 3 channels and 32 x 32 pixels "
        "becomes 256 channels of 8 x 8 places by one convolution of the block's size and stride, "
        "which are normalised; a pixel shuffle lays them as 16 channels of 32 x 32 for a classifier.",
    "ele_adaptnet":
        "ELE-AdaptNet from left to right. A ciphertext of 3 channels is cut into 64 blocks of 48 "
        "numbers; each block goes through a layer of its own to 256 numbers; a learned matrix of 64 x "
        "64, nearly a permutation, mixes the blocks; a pixel shuffle lays them as 16 channels of 32 x "
        "32.",
    "speed_run_network":
        "The speed-run network as a chain of feature maps. A picture of 3 channels; whitened patches "
        "of 2 x 2 give 24 channels; three pairs of convolutions with pooling give 64 channels of 15 x "
        "15, 128 of 7 x 7 and 128 of 3 x 3; the largest value of each channel goes to a linear layer "
        "with 10 classes.",
    "shake_pyramid":
        "ShakePyramidNet. Above, a chain of feature maps: 3 channels, 16, then three times 18 "
        "residual blocks to 106 channels of 32 x 32, 196 of 16 x 16 and 286 of 8 x 8, their means, 10 "
        "classes. Below, a residual block: two convolutions and ShakeDrop on a branch, added to a "
        "shortcut with empty channels.",
    "three_ways":
        "Three rows of boxes, each from ciphertexts and labels to a network. As published: adaptation "
        "layers that learn from labels. By statistics: statistics of the ciphertexts, then a fixed "
        "front that sorts blocks or pixels. Attack first: an attack that reads the key, then the "
        "plain pictures, decrypted.",
    "judge":
        "The judge as a row of boxes. A cipher, a class of which only encrypt is called, goes in. Four "
        "stages follow: its contract; its structure, by asking for ciphertexts; the attacks that this "
        "structure calls for, each beside the same attack on a one-time pad; and a network that tries "
        "to learn from ciphertexts. A verdict comes out. Below each stage stands what it tells.",
    "keyed_model":
        "Who holds what when a model holds the key. Above, the owner: a plain network and the key make a "
        "keyed network. Below, a client's picture is encrypted with the key, and the ciphertext goes to "
        "the server, whose patch layer holds the key; tokens go through the plain body to scores. "
        "The server sees the ciphertext and all weights, the keyed patch layer among them.",
    "one_photograph":
        "The attack on one photograph as a row of boxes. A ciphertext goes in. Five steps follow: streams, "
        "one value of each block; which streams correlate strongly, and with what sign; an order whose "
        "correlations are those of a picture, found by annealing; the smoothest of several pictures; lower "
        "nibbles, by regression on the upper ones. The photograph comes out. Below each step stands what "
        "is compared.",
    "many_ciphertexts":
        "Four rows of boxes, one for each scheme, each from ciphertexts by what is compared to pictures. "
        "SKK compares neighbouring pixels over all images, and a region of known pixels grows. EtC compares "
        "facing edges of blocks over all images, and blocks are placed greedily. ELE compares streams inside "
        "each block, then edges. FFX compares replaced values with guesses from values left alone.",
    "keyed_defence":
        "A chain: a picture and a small change are added, encrypted with a secret key, and go through a "
        "network to a class. Below it, what each attacker has. Who was evaluated: the weights, and a wrong "
        "key. Who was left out: ciphertexts or weights that betray the key, networks with other keys, "
        "scores, decisions.",
}  # fmt: skip
"""The text alternatives."""


@dataclass(frozen=True)
class Maps:
    """Feature maps: how many, and the side of one."""

    channels: int
    side: int
    name: str = ""


@dataclass(frozen=True)
class Blocks:
    """A picture as `across` x `across` blocks of `values` numbers each."""

    across: int
    values: int
    name: str = ""


@dataclass(frozen=True)
class Matrix:
    """A matrix that nearly permutes."""

    name: str


@dataclass(frozen=True)
class Words:
    """Numbers without a place, such as the scores of classes."""

    text: str


# -- pieces --------------------------------------------------------------------------------------------------


def box(axis: Axes, x: float, y: float, width: float, text: str, dark: bool = False) -> float:
    """A box with words, its left side at x, its middle at height y; where it ends."""
    face, ink = (INK, "white") if dark else (PALE, "black")
    corner, style = (x, y - 0.4), "round,pad=0,rounding_size=0.08"
    axis.add_patch(FancyBboxPatch(corner, width, 0.8, style, facecolor=face, edgecolor=INK))
    axis.text(x + width / 2, y, text, ha="center", va="center", fontsize=9, color=ink, linespacing=1.25)
    return x + width


def arrow(axis: Axes, x: float, y: float, to: float, text: str = "") -> float:
    """An arrow to the right at height y, words above it; where it ends."""
    axis.annotate("", (to, y), (x, y), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.4})
    axis.text((x + to) / 2, y + 0.08, text, ha="center", va="bottom", fontsize=8, linespacing=1.2)
    return to


def stack(axis: Axes, x: float, y: float, maps: Maps) -> float:
    """Feature maps as squares behind each other, more for more channels; where they end."""
    side, sheets = (maps.side / 32) ** 0.5, min(8, 1 + maps.channels.bit_length())
    depth = 0.06 * (sheets - 1)
    for i in range(sheets):
        corner = x + 0.06 * i, y - side / 2 + depth / 2 - 0.06 * i
        axis.add_patch(Rectangle(corner, side, side, facecolor=SHADE, edgecolor=INK, lw=0.8))
    middle, what = x + (side + depth) / 2, f"{maps.channels} channels\n{maps.side} x {maps.side}"
    _below(axis, middle, y - (side + depth) / 2, maps.name, what)
    return x + side + depth


def grid(axis: Axes, x: float, y: float, blocks: Blocks) -> float:
    """A picture cut into blocks, as a grid; where it ends."""
    n, step = blocks.across, 1.1 / blocks.across
    for i in range(n * n):
        corner = x + i % n * step, y - 0.55 + i // n * step
        axis.add_patch(Rectangle(corner, step, step, facecolor=SHADE, edgecolor=INK, lw=0.6))
    _below(axis, x + 0.55, y - 0.55, blocks.name, f"{n * n} blocks of\n{blocks.values} numbers")
    return x + 1.1


def matrix(axis: Axes, x: float, y: float, name: str, size: int = 8) -> float:
    """A square matrix that is nearly a permutation: one dark entry in each row and column; where it ends."""
    step = 1.1 / size
    for i in range(size * size):
        face = INK if i % size == (3 * (i // size) + 2) % size else "white"
        corner = x + i % size * step, y - 0.55 + i // size * step
        axis.add_patch(Rectangle(corner, step, step, facecolor=face, edgecolor=SHADE, lw=0.6))
    axis.add_patch(Rectangle((x, y - 0.55), 1.1, 1.1, fill=False, edgecolor=INK))
    _below(axis, x + 0.55, y - 0.55, name)
    return x + 1.1


def brace(axis: Axes, x: float, to: float, y: float, text: str) -> None:
    """A bracket below the drawing from x to `to`, words below it."""
    axis.plot([x, x, to, to], [y + 0.1, y, y, y + 0.1], color=INK, lw=1)
    axis.text((x + to) / 2, y - 0.08, text, ha="center", va="top", fontsize=9)


def _below(axis, x, y, *lines):
    text = "\n".join(filter(None, lines))
    axis.text(x, y - 0.1, text, ha="center", va="top", fontsize=8, linespacing=1.2)


# -- how pieces become a picture -----------------------------------------------------------------------------


def _paper(title):
    """(figure, axis), an empty sheet."""
    figure, axis = figures.new(9.6, 3)
    axis.set(aspect="equal")
    axis.set_title(title, fontsize=11)
    axis.axis("off")
    return figure, axis


def _shown(figure, axis, width, top, bottom, name):
    """Cut the sheet to its drawing and show it."""
    axis.set(xlim=(0, width), ylim=(bottom, top))
    figure.set_size_inches(9.6, 9.6 * (top - bottom) / width + 0.4)
    figures.show(figure, TOLD[name])


def _chain(axis, pieces: Sequence, x: float = 0.25, y: float = 0.0) -> list[float]:
    """Draw pieces, a string as an arrow with these words; where each ends."""
    draw, ends = {Maps: stack, Blocks: grid, Matrix: _matrix, Words: _words}, []
    for piece in pieces:
        if isinstance(piece, str):
            longest = max(map(len, piece.split("\n")))
            x = arrow(axis, x + 0.1, y, x + max(0.8, 0.35 + 0.105 * longest), piece) + 0.1
        else:
            x = draw[type(piece)](axis, x, y, piece)
        ends.append(x)
    return ends


def _matrix(axis, x, y, piece):
    return matrix(axis, x, y, piece.name)


def _words(axis, x, y, piece):
    return box(axis, x, y, 0.3 + 0.13 * max(map(len, piece.text.split("\n"))), piece.text)


# -- schematics ----------------------------------------------------------------------------------------------


def tanaka_network() -> None:
    """`lib.models.TanakaAdaptation` for blocks of 4: all blocks go through the same three layers."""
    figure, axis = _paper("Tanaka's adaptation network, blocks of 4: one small network reads every block")
    pieces = [
        Maps(3, 32, "ciphertext"), "convolution 4 x 4,\nstride 4, ReLU", Maps(48, 8, "a place, a block"),
        "convolution\n1 x 1, ReLU", Maps(48, 8), "convolution\n1 x 1", Maps(512, 8),
        "pixel shuffle:\n512 = 32 x 4 x 4", Maps(32, 32, "features"), "", Words("any\nclassifier"),
    ]  # fmt: skip
    ends = _chain(axis, pieces)
    brace(axis, ends[0] + 0.1, ends[8], -1.6, "batch normalisation before each convolution")
    _shown(figure, axis, ends[-1] + 0.1, 1.0, -2.0, "tanaka_network")


def le_adaptnet() -> None:
    """`lib.models.LEAdaptNet` for blocks of 4: Tanaka's idea in a single layer."""
    figure, axis = _paper("LE-AdaptNet, blocks of 4: one layer reads every block")
    pieces = [
        Maps(3, 32, "ciphertext"), "convolution 4 x 4,\nstride 4", Maps(256, 8, "a place, a block"),
        "normalised,\nleaky ReLU", Maps(256, 8), "pixel shuffle:\n256 = 16 x 4 x 4",
        Maps(16, 32, "features"), "", Words("any\nclassifier"),
    ]  # fmt: skip
    ends = _chain(axis, pieces)
    _shown(figure, axis, ends[-1] + 0.1, 1.0, -1.5, "le_adaptnet")


def ele_adaptnet() -> None:
    """`lib.models.ELEAdaptNet` for blocks of 4: a layer for each block, and a matrix that learns places."""
    figure, axis = _paper(
        "ELE-AdaptNet, blocks of 4: a layer for each block, and a matrix that puts them in place"
    )
    pieces = [
        Maps(3, 32, "ciphertext"), "cut", Blocks(8, 48), "64 layers, one\nfor each block", Blocks(8, 256),
        "times U", Matrix("U, learned:\n64 x 64"), "", Blocks(8, 256, "in place"),
        "pixel shuffle:\n256 = 16 x 4 x 4", Maps(16, 32, "features"), "", Words("any\nclassifier"),
    ]  # fmt: skip
    ends = _chain(axis, pieces)
    brace(axis, ends[4] + 0.2, ends[8], -1.6, "the loss pulls U towards a permutation")
    _shown(figure, axis, ends[-1] + 0.1, 1.0, -2.0, "ele_adaptnet")


def speed_run_network() -> None:
    """`lib.models.AirBench` with widths 64, 128, 128: the body of the recorded rows."""
    figure, axis = _paper("The speed-run network (AirBench), widths 64, 128, 128")
    pair = "convolution, pool,\nconvolution"
    pieces = [
        Maps(3, 32, "picture"), "whitening\n2 x 2", Maps(24, 31), pair, Maps(64, 15), pair, Maps(128, 7),
        pair, Maps(128, 3), "largest value\nof each", Words("128\nnumbers"), "linear", Words("10\nclasses"),
    ]  # fmt: skip
    ends = _chain(axis, pieces)
    brace(axis, ends[2] + 0.1, ends[8], -1.4, "three pairs of 3 x 3 convolutions, each normalised, then GELU")
    _shown(figure, axis, ends[-1] + 0.1, 1.0, -1.85, "speed_run_network")


def shake_pyramid() -> None:
    """`lib.models.ShakePyramidNet` of depth 110: widths grow with every block, branches are shaken."""
    figure, axis = _paper("ShakePyramidNet-110: above the network, below one of its 54 residual blocks")
    blocks = "18 blocks"
    pieces = [
        Maps(3, 32, "picture"), "convolution\n3 x 3", Maps(16, 32), blocks, Maps(106, 32), blocks,
        Maps(196, 16), blocks, Maps(286, 8), "mean of\neach", Words("286\nnumbers"), "linear",
        Words("10\nclasses"),
    ]  # fmt: skip
    ends = _chain(axis, pieces)
    _residual(axis, 1.2, -2.8, ends[-1] - 1.2)
    _shown(figure, axis, ends[-1] + 0.1, 1.0, -4.0, "shake_pyramid")


def _residual(axis, x, y, to):
    """A residual block: the branch at height y, its shortcut below."""
    layers = ["normalise", "convolution\n3 x 3", "normalise,\nReLU", "convolution\n3 x 3", "normalise"]
    width, start = (to - x - 1.2) / 6, x
    for layer in [*layers, "ShakeDrop"]:
        x = box(axis, arrow(axis, x, y, x + 0.4), y, width - 0.4, layer, dark=layer == "ShakeDrop")
    arrow(axis, x, y, box(axis, x + 0.4, y, 0.5, "+") - 0.5)
    arrow(axis, x + 0.9, y, x + 1.4)
    axis.plot([start + 0.1] * 2 + [x + 0.65] * 2, [y, y - 0.85, y - 0.85, y - 0.4], color=INK, lw=1.4)
    words = "shortcut: the input itself, pooled at a new stage, with empty channels added"
    axis.text((start + x) / 2, y - 0.78, words, ha="center", va="bottom", fontsize=8)


def three_ways() -> None:
    """The three kinds of accuracy: what stands between ciphertexts and network in each."""
    figure, axis = _paper("Three ways from ciphertexts to a network")
    _way(axis, 0, "as published", "adaptation layers,\nlearned from labels")
    _way(
        axis,
        1,
        "by statistics",
        "statistics of\nthe ciphertexts",
        "a fixed front that\nsorts blocks or pixels",
    )
    _way(axis, 2, "attack first", "an attack that\nreads the key", "plain pictures,\ndecrypted")
    _shown(figure, axis, 12.1, 0.6, -3.2, "three_ways")


JUDGED = (
    ("1. contract", "decrypts exactly?", "the same each time?", "how many keys?"),
    ("2. structure,\nby asking", "a table? affine?", "feedback? blocks", "by themselves?"),
    ("3. attacks,\nbeside a pad", "chosen plaintext, pairs,", "many ciphertexts,", "one ciphertext"),
    ("4. learnability", "a small network on", "ciphertexts, plain", "pictures, a pad"),
)


def judge() -> None:
    """What `lib.judge` does with a cipher, from left to right."""
    figure, axis = _paper("From a cipher to a verdict")
    x = box(axis, 0.1, 0, 1.5, "a cipher:\nencrypt(images)", dark=True)
    for name, *told in JUDGED:
        x = box(axis, arrow(axis, x, 0, x + 0.45), 0, 1.75, name)
        _below(axis, x - 0.875, -0.4, *told)
    end = box(axis, arrow(axis, x, 0, x + 0.45), 0, 1.1, "a verdict", dark=True)
    _below(axis, end - 0.55, -0.4, "an outcome,", "leaks from 0 to 1")
    _shown(figure, axis, end + 0.1, 0.6, -1.05, "judge")


def keyed_model() -> None:
    """`lib.models.keyed`: where the key goes, and who sees what."""
    figure, axis = _paper("A model that holds the key: who sees what")
    rows = {
        "owner": ("plain network", "the key moves columns\nof its patch layer", "keyed network"),
        "client": ("picture", "encrypt\nwith the key", "ciphertext"),
        "server": ("scores", "plain body", "keyed patch layer:\nthe key is in here"),
    }
    for row, (name, words) in enumerate(rows.items()):
        axis.text(0.1, -1.3 * row, name, va="center", fontsize=10, weight="bold")
        places = zip((1.2, 3.7, 6.9), (1.9, 2.6, 2.2), words)
        for x, width, text in places:
            box(axis, x, -1.3 * row, width, text, dark=text.startswith("keyed patch"))
    for row, (left, right) in enumerate((((3.1, 3.7), (6.3, 6.9)),) * 2 + (((3.7, 3.1), (6.9, 6.3)),)):
        for start, end in (left, right):
            arrow(axis, start, -1.3 * row, end)
    line = {"arrowstyle": "-|>", "color": INK, "lw": 1.4}
    axis.annotate("", (8, -2.25), (8, -1.65), arrowprops=line)  # the ciphertext goes down to the server
    axis.plot([9.1, 9.5, 9.5], [0, 0, -2.6], color=INK, lw=1.4)  # and so does the network, around it
    axis.annotate("", (9.1, -2.6), (9.55, -2.6), arrowprops=line)
    _shown(figure, axis, 9.8, 0.6, -3.2, "keyed_model")


STEPS = (
    ("streams", "a value of", "each block"),
    ("upper nibbles\nand signs", "which streams", "correlate strongly"),
    ("annealing", "correlations with", "those of pictures"),
    ("choosing", "several pictures:", "the smoothest"),
    ("lower nibbles", "streams with a", "regression's guess"),
)


def one_photograph() -> None:
    """`lib.attacks.one_ciphertext.tanaka`: what goes in, what each step compares, and what comes out."""
    figure, axis = _paper("From one ciphertext to the photograph; below, what each step compares")
    x = box(axis, 0.1, 0, 1.2, "one\nciphertext")
    for name, *compared in STEPS:
        x = box(axis, arrow(axis, x, 0, x + 0.4), 0, 1.5, name, dark=name == "annealing")
        _below(axis, x - 0.75, -0.4, *compared)
    end = box(axis, arrow(axis, x, 0, x + 0.4), 0, 1.2, "the\nphotograph")
    _below(axis, end - 0.6, -0.4, "open: order of", "colours, negative")
    _shown(figure, axis, end + 0.2, 0.6, -1.05, "one_photograph")


READ = {
    "SKK": ("neighbouring pixels,\nin all images", "a region grows,\nthe surest pixel first"),
    "EtC": ("facing edges of blocks,\nin all images", "blocks are placed,\nthe surest first"),
    "ELE": ("streams inside each\nblock, then edges", "annealing in each block,\nthen placing"),
    "FFX": ("replaced values with\nguesses from the others", "one assignment\nof 256 values"),
}


def many_ciphertexts() -> None:
    """`lib.attacks.many_ciphertexts`: a row for each scheme."""
    figure, axis = _paper("Many ciphertexts under one key: what is compared, and how the key is put together")
    for row, (name, (compared, joined)) in enumerate(READ.items()):
        y = -1.1 * row
        axis.text(0.1, y, name, va="center", fontsize=10, weight="bold")
        x = box(axis, 0.9, y, 1.6, "ciphertexts,\none key")
        x = box(axis, arrow(axis, x, y, x + 0.5), y, 2.9, compared)
        x = box(axis, arrow(axis, x, y, x + 0.5), y, 2.9, joined, dark=True)
        x = box(axis, arrow(axis, x, y, x + 0.5), y, 1.5, "all pictures")
    _shown(figure, axis, x + 0.2, 0.6, -3.9, "many_ciphertexts")


def keyed_defence() -> None:
    """`lib.models.defended`: where the key stands, and who attacks."""
    figure, axis = _paper("A keyed defence, and the attackers that it meets")
    x = box(axis, 0.1, 0, 1.7, "picture\n+ small change")
    x = box(axis, arrow(axis, x, 0, x + 0.5), 0, 1.9, "encrypt with\nthe secret key", dark=True)
    x = box(axis, arrow(axis, x, 0, x + 0.5), 0, 2.2, "network trained\non ciphertexts")
    end = box(axis, arrow(axis, x, 0, x + 0.5), 0, 1.2, "class")
    rows = {
        "as published": ("weights,\na wrong key",),
        "left out": (
            "ciphertexts,\nthen the key",
            "networks with\nother keys",
            "scores only",
            "decisions only",
        ),
    }
    for row, (name, has) in enumerate(rows.items(), 1):
        axis.text(0.1, -1.15 * row, name, va="center", fontsize=10, weight="bold")
        for place, text in enumerate(has):
            box(axis, 1.7 + 1.75 * place, -1.15 * row, 1.6, text)
    _shown(figure, axis, end + 0.1, 0.6, -2.8, "keyed_defence")


def _way(axis, row, name, *between):
    """A row of boxes from ciphertexts by what stands between to a network."""
    y = -1.3 * row
    axis.text(0.1, y, name, va="center", fontsize=10, weight="bold")
    x = box(axis, 1.8, y, 1.6, "ciphertexts\nand labels")
    for place, what in zip((4.3, 7.4), between):
        x = box(axis, arrow(axis, x, y, place), y, 2.2, what, dark="attack" in what)
    box(axis, arrow(axis, x, y, 10.5), y, 1.4, "network")
