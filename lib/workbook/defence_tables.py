"""Tables and curves of lesson 31, from the record of keyed defences; and what was published."""

from collections.abc import Sequence

from lib.workbook.recorded_defences import Defences, Measured

NAMES = {"plain": "no defence", "shf": "SHF", "np": "NP", "ffx": "FFX", "adversarial": "adversarial training"}
LINES = {
    "noise": "noise", "wrong key": "wrong key, as published", "no key": "no key",
    "transfer, other key": "transfer, other key",
    "transfer, plain": "transfer, plain network", "right key": "right key, if there is one",
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


def in_order(record: Defences) -> list[tuple[str, dict[str, Measured]]]:
    """Networks and their attackers, in the order of `NAMES`."""
    return [(name, record.networks[name]) for name in NAMES if name in record.networks]


def curves(record: Defences) -> dict[str, dict[str, dict[str, Sequence[float]]]]:
    """For `lib.figures.panels`: by network and attacker, accuracy in per cent over epsilon."""
    found = {}
    for network, attackers in in_order(record):
        start = {"0": attackers["clean"].accuracy["0"]}
        found[NAMES[network]] = {
            line: {at: (100 * value,) * 3 for at, value in (start | attackers[name].accuracy).items()}
            for name, line in LINES.items() if name in attackers
        }  # fmt: skip
    return found


def at_eight(record: Defences) -> tuple[list[str], list[list[str]]]:
    """Head and rows: the accuracy that each attacker leaves when he spends most."""
    others = {
        "right key, AutoPGD": "right key, AutoPGD", "read from ciphertexts": "key from ciphertexts",
        "scores": "scores", "decisions": "decisions",
    }  # fmt: skip
    head = ["network", "no attacker", *LINES.values(), *others.values()]
    columns = "clean", *LINES, *others
    rows = [[NAMES[network], *(_most(attackers.get(name)) for name in columns)]
            for network, attackers in in_order(record)]  # fmt: skip
    return head, rows


def _most(measured):
    """What is left when most is spent."""
    if measured is None:
        return ""
    return f"{measured.accuracy[max(measured.accuracy, key=int)]:.1%}"


def readings(record: Defences) -> tuple[list[str], list[list[str]]]:
    """Head and rows: how much of a key so many ciphertexts tell, and what accuracy is left."""
    rows = []
    for network, attackers in in_order(record):
        if "read from ciphertexts" in attackers:
            read = attackers["read from ciphertexts"]
            for count, accuracy in read.accuracy.items():
                right = [f"{read.also[f'{kind}, {count}']:.0%}" for kind in ("right", "least")]
                rows.append([NAMES[network], count, *right, f"{accuracy:.1%}"])
    return ["defence", "ciphertexts", "of the key right", "at least", "accuracy left"], rows
