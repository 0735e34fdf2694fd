"""
Fantasies: what the chains of a model dream
===========================================

A trained RBM is a generative model. Contrastive divergence (CD-1) only looks one Gibbs step away
from the data; persistent contrastive divergence (PCD) keeps its chains between updates, so the
model is judged by what it really generates.
"""

# %%
# Two models of the same data
# ---------------------------

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

quick = bool(os.environ.get("UDL_FAST_GALLERY_QUICK"))
n_epochs = 5 if quick else 300
images = udl.datasets.load_digits().data
train, test = images[:1500], images[1500:]

models = {}
for algorithm in ("cd", "pcd"):
    models[algorithm] = udl.RBM(
        100, algorithm=algorithm, learning_rate=0.1, learning_rate_schedule="linear",
        binarize="sample", batch_size=20, n_iter=n_epochs, random_state=0,
    ).fit(train)  # fmt: skip

# %%
# The persistent chains
# ---------------------
# ``h_samples_`` holds the hidden states of the chains that training left behind, one for each row
# of a minibatch. Their visible probabilities are fantasies that cost nothing.

chains = models["pcd"].mean_visible(models["pcd"].h_samples_)
figure, ax = plt.subplots(figsize=(7, 1.9), layout="constrained")
ax.imshow(udl.plot.tile_images(chains, n_columns=10), cmap="gray_r", vmin=0, vmax=1)
ax.set_axis_off()
ax.set_title("The 20 chains after training")
plt.show()

# %%
# Chains from noise
# -----------------
# Twelve chains start from fair coins, and look like digits after a few steps. With time a chain
# wanders from one digit to another: the models mix well.

steps = (0, 1, 10, 100) if quick else (0, 1, 10, 100, 1000, 10000)
for algorithm, model in models.items():
    udl.plot.SamplesDisplay.from_estimator(
        model, steps=steps, random_state=0, title=f"Trained by {algorithm.upper()}-1"
    )
plt.show()

# %%
# How near to real images?
# ------------------------
# Each fantasy is compared with its nearest training image, and so are images that were kept aside.
# The fantasies of the model trained by PCD-1 come a little nearer to the data than those of CD-1;
# real images are nearer still.

n_fantasies, n_steps = (100, 50) if quick else (2000, 1000)


def distance_to_training_images(rows):
    return np.array([((train - row) ** 2).sum(axis=1).min() for row in rows])


figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
bins = np.linspace(0, 5, 31)
for (algorithm, model), color in zip(models.items(), ("#c2571a", "#1f5f99"), strict=True):
    drawn = model.sample(n_fantasies, n_steps=n_steps)
    distances = distance_to_training_images(model.mean_visible(model.sample_hidden(drawn)))
    label = f"fantasies, {algorithm.upper()}-1: mean {distances.mean():.2f}"
    ax.hist(distances, bins, density=True, histtype="step", lw=1.8, color=color, label=label)
distances = distance_to_training_images(test)
label = f"images kept aside: mean {distances.mean():.2f}"
ax.hist(distances, bins, density=True, color="#333333", alpha=0.2, label=label)
ax.set(xlabel="squared distance to the nearest training image", ylabel="density")
ax.legend(frameon=False)
plt.show()
