"""
Completing images: what the other half looks like
=================================================

A Gibbs chain in which some pixels keep their values samples the others given these. Here the upper
half of a digit is given, and chains draw what may belong below it.
"""

# %%
# A model of digits
# -----------------
# It is that of :ref:`sphx_glr_auto_gallery_plot_fantasies.py`, trained by persistent contrastive
# divergence.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

quick = bool(os.environ.get("UDL_FAST_GALLERY_QUICK"))
n_epochs = 5 if quick else 300
images = udl.datasets.load_digits().data
train, test = images[:1500], images[1500:] > 0.5

rbm = udl.RBM(
    100, algorithm="pcd", learning_rate=0.1, learning_rate_schedule="linear",
    binarize="sample", batch_size=20, n_iter=n_epochs, random_state=0,
).fit(train)  # fmt: skip

# %%
# Lower halves from upper halves
# ------------------------------
# ``clamp`` names the pixels that are held. Each chain goes its own way: where the upper half leaves
# it open, completions differ; where it does not, they agree.

upper_half = np.arange(64) < 32
n_steps = 100 if quick else 1000
some = np.random.default_rng(2).permutation(len(test))[:12]
udl.plot.CompletionDisplay.from_estimator(rbm, test[some], upper_half, n_steps=n_steps)
plt.show()

# %%
# Any pixels
# ----------
# The mask may be another one for each image: here a third of the pixels is given at random.

known = np.random.default_rng(0).random((12, 64)) < 1 / 3
udl.plot.CompletionDisplay.from_estimator(
    rbm, test[some], known, n_steps=n_steps, n_completions=3, title="A third of the pixels is given"
)
plt.show()

# %%
# How good are they?
# ------------------
# The mean of many chains is the probability of every pixel given the upper half. It predicts the
# lower halves of images that were kept aside better than the mean of the training images does.

n_chains = 4 if quick else 30
clamp = np.where(upper_half, test, np.nan)
predicted = np.zeros(test.shape)
for _ in range(n_chains):
    predicted += rbm.sample(len(test), n_steps=100, clamp=clamp, means=True) / n_chains

lower_half = ~upper_half
errors = {
    "mean training image": (test - (train > 0.5).mean(axis=0))[:, lower_half],
    f"mean of {n_chains} completions": (test - predicted)[:, lower_half],
}
figure, ax = plt.subplots(figsize=(7, 1.6), layout="constrained")
heights = [float((error**2).mean()) for error in errors.values()]
bars = ax.barh(list(errors), heights, color=["#888888", "#1f5f99"])
ax.bar_label(bars, fmt=" %.3f")
ax.set(xlabel="mean squared error of a pixel of the lower half", xlim=(0, 1.15 * max(heights)))
ax.invert_yaxis()
plt.show()
