"""What attackers get of applications: models that hold the key, mixing schemes, keyed defences. For README
and lesson 40.

    python -m lib.workbook.applications

The judge sees ciphers alone. An application gives more away: weights with a key in them, labels. Each line is
a cell of `data/results/keyed.json`, `data/results/instahide.json` or `data/results/neuracrypt.json`: leakage,
0 for a one-time pad, 1 for plain pictures, beside its control. Of NeuraCrypt it is of new pictures, after
encodings of others were matched with plain pictures. Of `data/results/defences.json` it is accuracy: what an
attacker leaves of what there was.
"""

import json
import sys

import numpy as np

from lib.workbook import readme, recorded_defences
from lib.workbook.defence_tables import NAMES, in_order
from lib.workbook.recorded_verdicts import interval
from lib.workbook.recording import RESULTS

HEAD = ["application", "the attacker has", "leak, or accuracy left", "control", "the same of the control"]
CIPHER = "shf"
GOAL = {"pictures": 20, "k": 6, "epochs": 100}  # 200 encryptions of each picture
MATCHED = {"pictures": 100, "shuffled": True}  # encodings that are matched with pictures


def rows() -> list[list[str]]:
    """The lines of the table."""
    return [*_keyed(json.loads((RESULTS / "keyed.json").read_text())["networks"]),
            *_instahide(json.loads((RESULTS / "instahide.json").read_text())["cells"]),
            *_defences(recorded_defences.recorded()),
            *_neuracrypt(json.loads((RESULTS / "neuracrypt.json").read_text())["cells"])]  # fmt: skip


def _keyed(networks):
    for name, each in networks.items():
        model = f"{name} that holds a key of SHF"
        anew = "a patch layer trained anew", interval(*each["strangers"][CIPHER]["leak"])
        curve = each["curve"]
        yield [model, "its weights, the public checkpoint", interval(*curve["0"][CIPHER]["leak"]), *anew]
        change = "the same, after a change as long as the weights"
        yield [model, change, interval(*curve["1"][CIPHER]["leak"]), *anew]
        kinds = "trained", "not trained"
        told, control = (interval(*each["filters"][kind][CIPHER]["leak"]) for kind in kinds)
        yield [model, "its weights, a network of his own", told, "an untrained patch layer", control]


def _instahide(cells):
    chosen = [each["scores"] for each in cells if GOAL.items() <= each.items()]
    for name, has in (("squares", "encryptions, labels"), ("network", "the same, a trained network")):
        kinds = f"pairs found, {name}", "control: fresh pictures, pairs found"
        found, control = (_spread([each[kind]["value"] for each in chosen]) for kind in kinds)
        yield [f"InstaHide, k = {GOAL['k']}", has, found, "pictures that come once", control]


def _defences(record):
    last = str(recorded_defences.EPSILONS[-1])
    control = record.networks.get("adversarial", {})
    stands = _left(control, "right key", last) if control else ""
    for name, each in in_order(record):
        read = each.get("read from ciphertexts")
        if read is None:
            continue
        defence, also = f"{NAMES[name]} before a classifier", ("adversarial training, no key", stands)
        yield [defence, "its network, a wrong key", _left(each, "wrong key", last), *also]
        count = list(read.accuracy)[-1]
        has = f"its network, ciphertexts ({count})"
        yield [defence, has, _left(each, "read from ciphertexts", count), *also]


def _left(attackers, name, spent):
    before, after = attackers["clean"].accuracy["0"], attackers[name].accuracy[spent]
    return f"{after:.1%} of {before:.1%}"


def _neuracrypt(cells):
    for depth in (3, 7, 47):
        chosen = [each["unseen"] for each in cells if (MATCHED | {"depth": depth}).items() <= each.items()]
        told = [_spread([each[kind]["value"] for each in chosen]) for kind in chosen[0]]
        has = f"{MATCHED['pictures']} pictures, encodings of these in any order"
        yield [f"NeuraCrypt, depth {depth}", has, told[0], "a key for each picture", told[1]]


def _spread(values):
    return interval(np.mean(values), min(values), max(values))


def main() -> int:
    """Rewrite the README's table."""
    readme.rewrite("applications", readme.table(HEAD, rows()))
    print(readme.table(HEAD, rows()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
