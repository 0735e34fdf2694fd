"""
A sparse autoencoder
====================

An autoencoder whose code is wider than it needs to be could learn to copy its input. If its units may
be on only rarely, each has to stand for something that occurs now and then.
"""

# %%
# Data and model
# --------------
# The objective is the squared error of the reconstructions, a little weight decay, and a penalty on units
# whose mean activation over all images is not ``sparsity_target``. Since that is a mean over all images, the
# default solver takes them all at once: L-BFGS, one iteration an epoch.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl
from udl_fast.callbacks import History

n_iterations = 5 if os.environ.get("UDL_FAST_GALLERY_QUICK") else 300
images = udl.datasets.load_digits().data
train, test = images[:1500], images[1500:]

sparse = udl.SparseAutoencoder(
    64, sparsity_target=0.05, weight_decay=1e-3, n_iter=n_iterations, random_state=0,
    callbacks=[History(test, every=1)],
).fit(train)  # fmt: skip

# %%
# What the units look for
# -----------------------
# Red pixels switch a unit on, blue ones off.

udl.plot.WeightsDisplay.from_estimator(sparse, order="norm", title="Weights of 64 code units")
plt.show()

# %%
# How rarely they are on
# ----------------------
# Without the penalty, the same net has units that are on half of the time.

dense = udl.Autoencoder(
    64, loss="squared", solver="lbfgs", weight_decay=1e-3, n_iter=n_iterations, random_state=0
).fit(train)
figure, axes = plt.subplots()
bins = np.linspace(0, 1, 41)
axes.hist(dense.transform(test).mean(axis=0), bins, alpha=0.6, label="Autoencoder")
axes.hist(sparse.transform(test).mean(axis=0), bins, alpha=0.6, label="SparseAutoencoder")
axes.set(xlabel="mean activation of a unit on images not seen", ylabel="units")
axes.legend()
plt.show()

# %%
# Images the model has not seen
# -----------------------------

some = np.random.default_rng(0).permutation(len(test))[:16]
udl.plot.ReconstructionDisplay.from_estimator(sparse, test[some])
plt.show()

# %%
# Is it learning?
# ---------------
# The score is minus the squared error of an image.

udl.plot.TrainingCurveDisplay.from_estimator(sparse, metrics=["validation_reconstruction_score"])
plt.show()
