"""
A deep autoencoder against PCA
==============================

Eight numbers an image: what principal components make of them, and what a net of many layers does. Layers
are first learned one after another as RBMs, then the net that they unroll to learns as a whole.
"""

# %%
# Layer by layer, then all of them
# --------------------------------
# The template says how each layer learns as an RBM: as in the paper of Hinton and Salakhutdinov (2006).

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

quick = bool(os.environ.get("UDL_FAST_GALLERY_QUICK"))
images, labels = udl.datasets.load_digits(return_X_y=True)
train, test = images[:1500], images[1500:]

deep = udl.DeepAutoencoder(
    (200, 100, 8),
    rbm=udl.presets.science2006(n_iter=3 if quick else 30),
    learning_rate=3e-3, learning_rate_schedule="linear",
    n_iter=5 if quick else 200, random_state=0,
).fit(train)  # fmt: skip

# %%
# The picture
# -----------
# Held-out digits, what the net makes of their eight numbers, and what PCA makes of as many.

mean = train.mean(axis=0)
axes = np.linalg.svd(train - mean, full_matrices=False)[2][:8]
pca = mean + (test - mean) @ axes.T @ axes
some = np.random.default_rng(0).permutation(len(test))[:10]
udl.plot.ReconstructionDisplay.from_values(
    test[some],
    np.stack([deep.reconstruct(test[some]), pca[some].clip(0, 1)]),
    names=("deep autoencoder", "PCA"),
)
plt.show()

# %%
# How much is lost
# ----------------
# Squared error of an image, summed over its pixels, on the digits that were kept aside.

errors = {
    "PCA": float(np.square(test - pca).sum(axis=1).mean()),
    "deep autoencoder": float(deep.reconstruction_error(test).mean()),
}
figure, ax = plt.subplots(figsize=(7, 1.4), layout="constrained")
bars = ax.barh(list(errors), list(errors.values()), color=["#888888", "#1f5f99"])
ax.bar_label(bars, fmt=" %.2f")
ax.set(xlabel="squared error of an image", xlim=(0, 1.15 * max(errors.values())))
ax.invert_yaxis()
plt.show()

# %%
# Stage by stage
# --------------
# ``history_`` has the stage of each epoch, and in each what its learner measures: RBMs their
# pseudo-likelihood, the net its reconstructions.

history = deep.history_
for stage in dict.fromkeys(history["stage"]):
    at = [k for k, found in enumerate(history["stage"]) if found == stage]
    name = "reconstruction_score" if stage == "fine-tuning" else "pseudo_likelihood"
    values = [history[name][k] for k in (at[0], at[-1]) if history[name][k] is not None]
    print(f"{stage}: {len(at)} measured epochs", *(f"{value:.2f}" for value in values))
