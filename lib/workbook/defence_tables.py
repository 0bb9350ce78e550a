"""Tables and curves of lesson 31, from the record of keyed defences; and what was published."""

from collections.abc import Sequence

from lib.workbook.recorded_defences import EPSILONS, Defences

NAMES = {"plain": "no defence", "shf": "SHF", "np": "NP", "ffx": "FFX", "adversarial": "adversarial training"}
LINES = {
    "noise": "noise", "wrong key": "wrong key, as published", "transfer, other key": "transfer, other key",
    "transfer, plain": "transfer, plain network", "right key": "right key",
}  # fmt: skip
"""The attackers whose accuracies stand under an epsilon, weak ones first."""
PUBLISHED = (
    ("no defence", "95.45 %", "not given", "arXiv:2010.00801, abstract"),
    ("FFX, blocks of 4", "92.30 %", "91.48 %", "arXiv:2010.00801, abstract"),
    ("SHF, blocks of 4", "91.55 %", "89.66 %", "arXiv:2005.07998, abstract"),
    ("SHF, blocks of 4", "92.56 %", "not given", "fugokidi/block_transform, log of the training"),
    ("NP, blocks of 4", "93.41 %", "not given", "fugokidi/block_transform, log of the training"),
)
"""CIFAR-10, ResNet-18: accuracy without an attack, and under PGD through a wrong key, epsilon 8."""


def curves(record: Defences) -> dict[str, dict[str, dict[str, Sequence[float]]]]:
    """For `lib.figures.panels`: by network and attacker, accuracy in per cent over epsilon."""
    found = {}
    for network, attackers in record.networks.items():
        start = {"0": attackers["clean"].accuracy["0"]}
        found[NAMES[network]] = {
            line: {at: (100 * value,) * 3 for at, value in (start | attackers[name].accuracy).items()}
            for name, line in LINES.items() if name in attackers
        }  # fmt: skip
    return found


def at_eight(record: Defences) -> tuple[list[str], list[list[str]]]:
    """Head and rows: the accuracy that each attacker leaves at epsilon 8."""
    last = str(EPSILONS[-1])
    head = ["network", "no attacker", *LINES.values(), "key from ciphertexts", "scores", "decisions"]
    rows = []
    for network, attackers in record.networks.items():
        found = {name: each.accuracy for name, each in attackers.items()}
        cells = [found["clean"]["0"], *(found.get(name, {}).get(last) for name in LINES)]
        read = found.get("read from ciphertexts", {})
        cells.append(read and read[max(read, key=int)])
        cells += [found[kind][max(found[kind], key=int)] for kind in ("scores", "decisions")]
        rows.append([NAMES[network], *(f"{each:.1%}" if isinstance(each, float) else "" for each in cells)])
    return head, rows


def readings(record: Defences) -> tuple[list[str], list[list[str]]]:
    """Head and rows: how much of a key so many ciphertexts tell, and what accuracy is left."""
    rows = []
    for network, attackers in record.networks.items():
        if "read from ciphertexts" in attackers:
            read = attackers["read from ciphertexts"]
            for count, accuracy in read.accuracy.items():
                rows.append([NAMES[network], count, f"{read.also[f'right, {count}']:.0%}", f"{accuracy:.1%}"])
    return ["defence", "ciphertexts", "of the key right", "accuracy left"], rows
