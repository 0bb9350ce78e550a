"""Train a network on images, plain or encrypted; evaluate it, let it predict. Only encryption needs a scheme
and a key.

    train, test = load("photos"), load("photos", "test")
    run = fit(lambda: by_name("blocknet", 10), train, Recipe(epochs=5), scheme=Tanaka(key), test=test)
    evaluate(run.model, test, scheme=Tanaka(key))       # plain images, encrypted on the way
    predict(run.model, ciphertexts)                     # ciphertexts as they are: no key

All randomness follows from the recipe's seed, afresh in each epoch, so a run that was killed goes on from its
last checkpoint to the same weights, bit for bit on a CPU with the same number of threads. Schemes come as
arguments; nothing here imports one.

    recipe        how to train
    batches       images to batches: checked, augmented, encrypted
    fitting       `fit`: the loop over epochs
    evaluation    `evaluate`, `predict`, `scores`, `logits`
    checkpoints   the file by which a stopped run goes on
    steps         the same for what has no classes
    machine       seeds, threads, clocks, bfloat16
"""

from lib.models.inputs import scaled
from lib.training.batches import TEST_IDS, encrypted
from lib.training.checkpoints import CheckpointError, digest
from lib.training.evaluation import evaluate, logits, predict, scores
from lib.training.fitting import Run, fit
from lib.training.machine import CPU, autocast, generator, has_bfloat16, quiet
from lib.training.recipe import Recipe
from lib.training.steps import by_steps

__all__ = [
    "CPU", "TEST_IDS", "CheckpointError", "Recipe", "Run", "autocast", "by_steps", "digest", "encrypted",
    "evaluate", "fit", "generator", "has_bfloat16", "logits", "predict", "quiet", "scaled", "scores",
]  # fmt: skip
