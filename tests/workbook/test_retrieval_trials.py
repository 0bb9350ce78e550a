"""`lib.workbook.retrieval_trials`: the picture is told from a plausible one."""

from lib import datasets
from lib.workbook import retrieval_trials

IMAGES = datasets.load("photos", limit=100).images[:, :12, :12].copy()


def test_a_trial_tells_the_picture_from_another():
    truth = IMAGES[:60]
    trial = retrieval_trials.Trial(truth, truth, (IMAGES[60:], IMAGES[60:]))
    assert trial.scores(lambda x: x)["mean"] == 1 and trial.scores(lambda x: x)["exact"] == 1
    assert (
        trial.scores(lambda x: 255 - x, ("complement",))["top"] == 1
        and trial.scores(lambda x: 255 - x)["top"] == 0
    )
    asked = []
    shuffled = trial.shuffled(lambda x: asked.append(x) or x)
    assert sorted(x.tobytes() for x in asked[1]) == sorted(x.tobytes() for x in truth)
    assert (asked[1] != truth).any(axis=(1, 2, 3)).all()  # nobody keeps their own
    assert shuffled["mean"] > 15 and set(shuffled) == {"median", "mean", "top"}
