"""An assignment that gets better while it is annealed: pictures above, the energy below."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib import figures


def progress(
    temperatures: Sequence[float], energies: Sequence[float], images: Mapping[int, np.ndarray], alt: str
) -> None:
    """The energy of an assignment as temperature falls, and the picture (h, w, 3) uint8 at some of the
    rounds, by number; their points are ringed."""
    figure, axes = figures.new(7.5, 4.6, len(images), 2, squeeze=False, height_ratios=(1.5, 1),
                               title="Annealing: swaps at falling temperature")  # fmt: skip
    for axis, (at, image) in zip(axes[0], images.items()):
        axis.imshow(image, interpolation="nearest")
        axis.set_title(f"round {at}, temperature {temperatures[at]:.3f}", fontsize=9)
        axis.axis("off")
    for axis in axes[1]:
        axis.remove()
    below = figure.add_subplot(axes[1, 0].get_gridspec()[1, :])
    rounds = np.arange(len(energies))
    below.plot(rounds, energies, color=figures.COLOURS[0], marker="o", markersize=4)
    shown = list(images)
    below.plot(shown, np.asarray(energies)[shown], "o", markersize=11, markeredgecolor=figures.COLOURS[1],
               markerfacecolor="none", markeredgewidth=2)  # fmt: skip
    below.set(xlabel="round: as many tries as there are pairs of places, counted twice", ylabel="energy")
    below.grid(alpha=0.3)
    figures.show(figure, alt)
