"""Recorded runs of attacks that are trained: the rows of `data/results/learned/rows.toml` and their records.

The training split of the data are the attacker's public pictures; without pairs its first half alone, and of
the other half the ciphertexts are known. The first 1,000 of the test split, balanced over classes, are
encrypted under the victim's key and attacked. Key, scheme and truth stay here: an attack is handed pairs or
ciphertexts, and what everybody knows of the cipher.

Scores stand beside those of the ciphertext as it is and of the mean picture of the public ones.
"""

import inspect
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from typing import Any, Literal

from lib.attacks import catalogue
from lib.attacks.one_ciphertext.learned_prior import likeliest
from lib.attacks.one_ciphertext.minimum_difference import minimum_difference
from lib.schemes import Scheme
from lib.workbook import recording
from lib.workbook.recording import (
    RESULTS,
    VICTIM,
    Job,
    Kind,
    Record,
    Row,
    Scores,
    baselines,
    scheme_of,
    scored,
)
from lib.workbook.retrieval_trials import Trial, with_key

ASSUMPTIONS = {
    "same key": "pairs of plain images and ciphertexts under the victim's key",
    "different keys": "the algorithm: pairs under keys of the attacker's own",
    "unpaired": "ciphertexts under the victim's key, and public pictures that they do not show",
}
"""Which keys an attacker needs, and what for."""
ONE_IMAGE = {"minimum difference": minimum_difference, "likeliest": likeliest}
PHOTOGRAPHS = 64  # side of the embedded photographs that pixel states are tried on as well
OTHERS = 500  # ciphertexts to settle what an attack leaves open


class AttackRow(Row):
    """An attack that is trained on ciphertexts of a scheme; rows.toml says more."""

    attack: Literal["inverse", "generative"]
    assumption: Literal["same key", "different keys", "unpaired"]
    told: dict[str, int] | None = None
    beside: str | None = None


class TrainedAttack(Record):
    """A recorded attack; `losses` as `lib.training.steps.by_steps` gives them, `scores` by who got them."""

    row: AttackRow
    needs: str
    losses: list[dict[str, int | float]]
    scores: dict[str, Scores]
    judge_parameters: int | None = None
    ciphertexts: dict[str, int] | None = None
    photographs: dict[str, dict[str, Scores]] | None = None

    def is_of(self, row: AttackRow, seed: int) -> bool:
        """Whether it is of this row as it stands now."""
        return self.row == row and self.seed == seed

    def told(self) -> str:
        """What came out, in a few words."""
        got = self.scores["attack"]
        return f"PSNR {got['psnr']:.2f} dB, SSIM {got['ssim']:.3f}, edges {got['edge_correlation']:.3f}"


def attackers_scheme(row: AttackRow, seed: int):
    """The row's scheme under the attacker's key, one for each image, so that none is learned by heart."""
    return scheme_of(row.scheme | {"per_image": True}, recording.ATTACKER + seed)


def run(row: AttackRow, seed: int, job: Job) -> dict:
    """Train and score the attack of a row; fields of its record."""
    victim = scheme_of(row.scheme, VICTIM + seed)
    trained = _inverse if row.attack == "inverse" else _generative
    options = {"seed": seed, "folder": job.folder, "progress": job.progress}
    facts = {
        "row": row,
        "needs": ASSUMPTIONS[row.assumption],
        "scheme": recording.about_scheme(victim, VICTIM + seed),
    }
    return facts | trained(row, seed, victim, job.data, job.test, options)


trained_attacks = Kind(RESULTS / "learned", AttackRow, TrainedAttack, run, test=1000)


def _trained(network, recipe, losses, bfloat16: bool) -> dict[str, Any]:
    """What a record says of a training."""
    facts = {"parameters": _size(network), "recipe": asdict(recipe), "bfloat16": bfloat16}
    return facts | {"seconds": round(sum(entry["seconds"] for entry in losses)), "losses": losses}


def _size(network) -> int:
    return sum(p.numel() for p in network.parameters())


# -- pairs ---------------------------------------------------------------------------------------------------


def _inverse(row, seed, victim, data, test, options):
    from lib.attacks.known_plaintext.inverse import Recipe, inverse, settled
    from lib.training import CPU, TEST_IDS, encrypted, has_bfloat16

    recipe = Recipe(**row.recipe)
    maker = victim if row.assumption == "same key" else attackers_scheme(row, seed)
    public, facts = data.images[: recipe.pairs], {"block": victim.block, "bits": victim.bits}
    ciphers = encrypted(victim, test.images, TEST_IDS)
    found = inverse(public, encrypted(maker, public), ciphers, recipe, **facts, **options)
    network, losses = found.recovered["network"], found.recovered["losses"]
    knows_as_much = maker is not victim and catalogue.by_name("likeliest").fits(victim)
    beside = ONE_IMAGE if knows_as_much else {}
    mean = recording.mean_picture(data.images, len(test))
    scores = baselines(found.estimate, ciphers, mean, test.images)
    scores |= {name: scored(attack(ciphers).estimate, test.images) for name, attack in beside.items()}
    record = _trained(network, recipe, losses, getattr(network, "bfloat16", False) and has_bfloat16(CPU))
    record |= {"network": type(network).__name__, "scores": scores}
    if beside and recipe.neighbours:
        record["photographs"] = photographs(lambda x: settled(network, x, public, recipe.flip), victim)
    return record


def photographs(settle: Callable, victim: Scheme, side: int = PHOTOGRAPHS) -> dict:
    """{attack: {photograph: scores}} of the embedded photographs, which taught nothing here.

    settle   the attack, a function from ciphertexts to pictures
    """
    from lib import datasets
    from lib.training import TEST_IDS, encrypted

    truth = {name: datasets.photo(name, side)[None] for name in datasets.photo_names}
    ids = range(TEST_IDS + (1 << 20), TEST_IDS + (1 << 20) + len(truth))
    ciphers = {name: encrypted(victim, image, k) for k, (name, image) in zip(ids, truth.items())}
    answers = {"attack": settle}
    answers |= {name: lambda x, attack=attack: attack(x).estimate for name, attack in ONE_IMAGE.items()}
    found = {attack: {} for attack in answers}
    for attack, name in product(answers, truth):
        found[attack][name] = scored(answers[attack](ciphers[name]), truth[name])
    return found


# -- no pairs ------------------------------------------------------------------------------------------------


def _generative(row, seed, victim, data, test, options):
    """Half of the data are public, the others the victim's, of which ciphertexts are known.

    In the row: `told` (the block and bits that the attacker reckons with; for the control these are of
    another scheme), and `beside`, an attack of the catalogue to compare with. Scores are of `test`: "attack",
    "nearest key", "beside", "ciphertext", "mean", the mean picture, and ranks of "shuffled" ciphertexts.
    """
    from lib.attacks.many_ciphertexts.generative import Recipe, train
    from lib.attacks.many_ciphertexts.generative_networks import Discriminator
    from lib.training import CPU, TEST_IDS, encrypted, has_bfloat16

    recipe, half = Recipe(**row.recipe), len(data) // 2
    public, theirs = data.images[:half], data.images[half:]
    ciphers = encrypted(victim, theirs)
    generator, losses = train(ciphers, public, recipe, **row.told, **options)
    trial = Trial(encrypted(victim, test.images, TEST_IDS), test.images, (ciphers[:OTHERS], theirs[:OTHERS]))
    beside = catalogue.by_name(row.beside)
    return _trained(generator, recipe, losses, has_bfloat16(CPU)) | {
        "network": f"{type(generator).__name__} against {Discriminator.__name__}",
        "judge_parameters": _size(Discriminator(recipe.width)),
        "ciphertexts": {"attack": len(ciphers), "beside": beside.images},
        "scores": _compared(trial, generator, beside, public, row.told),
    }


def _compared(trial, generator, beside, public, told) -> dict[str, Scores]:
    """Of the generator, of what it is compared with, and of those that know nothing."""
    from lib.attacks.known_plaintext.inverse import apply

    attacks = {"attack": lambda x: apply(generator, x), "ciphertext": lambda x: x}
    if hasattr(generator, "key"):
        attacks["nearest key"] = with_key(**generator.key(), **told)
    attacks["beside"] = _reader(beside, trial.ciphers, public, told)
    scores = {name: trial.scores(attack, beside.moves) for name, attack in attacks.items()}
    scores["mean"] = trial.scores(lambda x: recording.mean_picture(public, len(x)))
    return scores | {"shuffled": trial.shuffled(attacks["attack"], beside.moves)}


def _reader(attack, ciphers, public, told) -> Callable:
    """Another attack as a function; one that reads a key does so once, from the ciphertexts it asks for."""
    takes = inspect.signature(attack.function).parameters
    options = {name: value for name, value in told.items() if name in takes}

    def found(some):
        return attack.run(catalogue.Known(some, public=public), **options)

    if attack.threat == catalogue.ONE:
        return lambda x: found(x).estimate
    key = found(ciphers[: attack.images]).recovered
    return with_key(key["index"], key["mask"], **told)
