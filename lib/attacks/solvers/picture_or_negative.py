"""Is a set of pictures shown as it is, or each in the negative? A logistic regression on public pictures.

Its features change their sign with the picture: means of 4x4 pixels and of their cubes, by colour. Light
comes from above, backgrounds are bright or dark in the corners, and colours are not used alike.
"""

import numpy as np

Array = np.ndarray
CELL, WEIGHT = 4, 0.01  # pixels that are averaged; of the data against the prior of the regression


def odd_features(values: Array) -> Array:
    """(n, d) float64 of normalised pictures (n, h, w, 3), whose sides are multiples of 4."""
    n, h, w, _ = values.shape
    both = np.concatenate([values, values**3 / 3], axis=3)
    cells = both.reshape(n, h // CELL, CELL, w // CELL, CELL, 6).mean((2, 4))
    return cells.reshape(n, -1).astype(np.float64)


def evidence(values: Array, public: Array) -> float:
    """The sum of log odds that pictures (n, h, w, 3) are pictures and not negatives; `public` teaches it."""
    from sklearn.linear_model import LogisticRegression

    features, signs = odd_features(public), np.where(np.arange(len(public)) % 2, 1, -1)
    model = LogisticRegression(fit_intercept=False, C=WEIGHT, max_iter=300).fit(
        features * signs[:, None], signs
    )
    return float(model.decision_function(odd_features(values)).sum())
