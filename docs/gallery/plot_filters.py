"""
Filters of handwritten digits
=============================

A restricted Boltzmann machine learns strokes from 1,797 images of 8 x 8 pixels, and reconstructs
images from them that it has not seen.
"""

# %%
# Data and model
# --------------
# Grey values are taken as probabilities: ``binarize="sample"`` draws the pixels anew whenever an
# image is presented. A little L1 penalty keeps the filters local. The learning rate falls to zero, so
# that the weights settle. Images kept aside are measured as they are after a threshold.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl
from udl_fast.callbacks import History

n_epochs = 10 if os.environ.get("UDL_FAST_GALLERY_QUICK") else 300
images = udl.datasets.load_digits().data
train, test = images[:1500], images[1500:]

rbm = udl.RBM(
    100, algorithm="pcd", learning_rate=0.05, learning_rate_schedule="linear", l1=3e-4,
    binarize="sample", batch_size=20, n_iter=n_epochs, random_state=0,
    callbacks=[History(test > 0.5, every=1)],
).fit(train)  # fmt: skip

# %%
# What the hidden units look for
# ------------------------------
# Red pixels switch a unit on, blue ones off. Most filters are strokes, or ends of strokes, at one
# place.

udl.plot.WeightsDisplay.from_estimator(rbm, order="norm", title="Weights of 100 hidden units")
plt.show()

# %%
# Images the model has not seen
# -----------------------------
# Their hidden probabilities, and back again. The error is the squared difference.

some = np.random.default_rng(0).permutation(len(test))[:16]
udl.plot.ReconstructionDisplay.from_estimator(rbm, test[some])
plt.show()

# %%
# Is it learning?
# ---------------
# The pseudo-likelihood asks how well each pixel is predicted from all the others. It is cheap, and
# it is not a likelihood: see :ref:`sphx_glr_auto_gallery_plot_exact_likelihood.py`.

udl.plot.TrainingCurveDisplay.from_estimator(rbm, metrics=["validation_pseudo_likelihood"])
plt.show()
