"""
A drop-in for scikit-learn's BernoulliRBM
=========================================

The pipeline of scikit-learn's own example (RBM features for a logistic regression), with one
import changed, and a grid search over the learning rate and the number of hidden units.
"""

# %%
# Data
# ----
# Images in [0, 1], 30 % of them kept aside, each of them also shifted by one pixel in four
# directions: a linear classifier of the pixels cannot follow that.

import os

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import shift
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, train_test_split
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from udl_fast import BernoulliRBM  # instead of: from sklearn.neural_network import BernoulliRBM
from udl_fast.datasets import load_digits
from udl_fast.plot import WeightsDisplay

quick = bool(os.environ.get("UDL_FAST_GALLERY_QUICK"))
images, digits = load_digits(return_X_y=True)
train, test, train_digits, test_digits = train_test_split(
    images, digits, test_size=0.3, random_state=0, stratify=digits
)


def nudged(rows):
    """The rows, and the same shifted left, right, up and down."""
    pictures = rows.reshape(-1, 8, 8)
    moves = [(0, 0, 0), (0, 0, -1), (0, 0, 1), (0, -1, 0), (0, 1, 0)]
    return np.concatenate([shift(pictures, move, order=0).reshape(rows.shape) for move in moves])


if quick:
    train, train_digits = train[:300], train_digits[:300]
originals = np.tile(np.arange(len(train)), 5)  # copies of one image must not be on both sides
train, train_digits = nudged(train), np.tile(train_digits, 5)
test, test_digits = nudged(test), np.tile(test_digits, 5)

# %%
# Pipeline and grid search
# ------------------------
# The RBM is an ordinary transformer: ``clone``, ``set_params``, pickling and joblib work. Its
# results do not depend on the number of threads, so neither does the search. The regressions are
# small, and quicker on one BLAS thread than on several.

pipeline = Pipeline(
    [
        ("rbm", BernoulliRBM(n_iter=2 if quick else 15, random_state=0)),
        ("classifier", LogisticRegression(C=10, tol=1e-3, max_iter=1000)),
    ]
)
grid = {
    "rbm__n_components": [16, 32] if quick else [50, 100],
    "rbm__learning_rate": [0.03, 0.1] if quick else [0.02, 0.06, 0.1],
}
search = GridSearchCV(pipeline, grid, cv=GroupKFold(2))
pixels_alone = LogisticRegression(C=10, tol=1e-3, max_iter=1000)
with threadpool_limits(1, user_api="blas"):
    search.fit(train, train_digits, groups=originals)
    pixels_alone.fit(train, train_digits)
print(f"best: {search.best_params_}")
print(f"accuracy on test images, RBM features: {search.score(test, test_digits):.3f}")
print(f"accuracy on test images, pixels alone: {pixels_alone.score(test, test_digits):.3f}")

# %%
# What the search saw
# -------------------

sizes, rates = grid["rbm__n_components"], grid["rbm__learning_rate"]
accuracy = search.cv_results_["mean_test_score"].reshape(len(rates), len(sizes))
figure, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
picture = ax.imshow(accuracy, cmap="Blues", aspect="auto")
middle = (accuracy.min() + accuracy.max()) / 2
for (row, column), value in np.ndenumerate(accuracy):
    color = "white" if value > middle else "#333333"
    ax.text(column, row, f"{value:.3f}", ha="center", va="center", color=color)
ax.set_xticks(range(len(sizes)), sizes)
ax.set_yticks(range(len(rates)), rates)
ax.set(xlabel="hidden units", ylabel="learning rate", title="Cross-validated accuracy")
plt.show()

# %%
# The best model's filters
# ------------------------

best = search.best_estimator_.named_steps["rbm"]
WeightsDisplay.from_estimator(best, order="norm")
plt.show()
