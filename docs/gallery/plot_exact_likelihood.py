"""
The exact likelihood while a small model learns
===============================================

The partition function of an RBM is a sum over the states of its smaller side. Up to some thirty
units it can be enumerated, and learning can be watched in nats, not in a proxy. Bars and stripes
are a good test: their distribution is known, so the best possible likelihood is known too.
"""

# %%
# The data
# --------
# Images of 4 x 4 pixels: an orientation is chosen, then each line is on with probability 1/2. The
# blank and the full image arise both ways, so they come twice.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

quick = bool(os.environ.get("UDL_FAST_GALLERY_QUICK"))
bars = udl.datasets.make_bars_and_stripes(4)
entropy = -(bars.probabilities * np.log(bars.probabilities)).sum()
copies = np.rint(bars.probabilities / bars.probabilities.min()).astype(int)
rows = np.repeat(bars.data, copies, axis=0)

figure, ax = plt.subplots(figsize=(7, 1.6), layout="constrained")
ax.imshow(udl.plot.tile_images(bars.data, n_columns=15, fill=0.4), cmap="gray_r", vmin=0, vmax=1)
ax.set_axis_off()
ax.set_title(f"{len(bars.data)} images, entropy {entropy:.2f} nats")
plt.show()

# %%
# Four ways to estimate the gradient
# ----------------------------------
# All models have 16 hidden units and see the same rows. After some epochs the mean log-likelihood
# of the data is computed exactly: minus free energy minus log Z.

settings = {
    "CD-1": {"algorithm": "cd", "k": 1},
    "CD-10": {"algorithm": "cd", "k": 10},
    "PCD-1, 32 chains": {"algorithm": "pcd", "k": 1, "n_chains": 32},
    "PCD-1, 512 chains": {"algorithm": "pcd", "k": 1, "n_chains": 512},
}
n_points, n_epochs = (3, 20) if quick else (50, 40)
curves = {}
for name, options in settings.items():
    model = udl.RBM(
        16, learning_rate=0.05, batch_size=8, n_iter=n_epochs, warm_start=True,
        random_state=0, **options,
    )  # fmt: skip
    curves[name] = [model.fit(rows).log_likelihood(rows).mean() for _ in range(n_points)]

# %%
# What came out
# -------------
# CD-1 is biased: it settles far from the best model. Ten steps lower the bias. Persistent chains do as
# well at a tenth of the steps while there are many of them; 32 chains cannot follow the weights as
# these grow, and learning goes astray. In a real problem nothing but the likelihood would tell:
# a smaller rate towards the end, or more chains, is the cure.

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
epochs = n_epochs * np.arange(1, n_points + 1)
for name, values in curves.items():
    ax.plot(epochs, values, label=name, lw=1.6)
ax.axhline(-entropy, color="#333333", lw=1, ls="--")
ax.annotate(
    "the best possible: minus the entropy of the data", (epochs[-1], -entropy),
    xytext=(0, 4), textcoords="offset points", ha="right", fontsize=9, color="#333333",
)  # fmt: skip
ax.set(xlabel="epoch", ylabel="mean log-likelihood (nats)", title="Bars and stripes, 16-16")
ax.legend(frameon=False)
ax.grid(alpha=0.25)
ax.set_ylim(-12, -2.6)
plt.show()
