"""
Binary codes and exact Hamming search
=====================================

The hidden units of an RBM give every image a code of bits. Similar images get similar codes, and
codes are searched by counting bits that differ. How good are the codes? Precision and recall of
the images within a radius answer that, and histograms of distances are all that is needed.
"""

# %%
# Codes
# -----
# The 64 hidden probabilities of a digit, thresholded, packed into eight bytes. For comparison:
# 64 random hyperplanes, the classic way to make codes without learning.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

n_epochs = 5 if os.environ.get("UDL_FAST_GALLERY_QUICK") else 100
images, digits = udl.datasets.load_digits(return_X_y=True)
database, queries = np.arange(1400), np.arange(1400, len(images))

rbm = udl.RBM(
    64, learning_rate=0.05, momentum=0.5, sparsity_target=0.4, sparsity_cost=0.02,
    binarize="sample", n_iter=n_epochs, random_state=0,
).fit(images[database])  # fmt: skip
planes = np.random.default_rng(0).normal(size=(images.shape[1], 64))
centred = images - images[database].mean(axis=0)
codes = {
    "RBM, 64 bits": udl.pack_bits(rbm.transform(images), threshold=0.5),
    "random hyperplanes, 64 bits": udl.pack_bits(centred @ planes, threshold=0.0),
}

# %%
# Search
# ------
# An index answers exactly: the nearest codes, ties by smaller id.

learned = codes["RBM, 64 bits"]
index = udl.HammingIndex(64)
index.add(learned[database])
some = queries[[3, 40, 77, 121, 200, 301]]
distances, neighbours = index.search(learned[some], k=10)

figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
shown = np.concatenate([some[:, None], neighbours], axis=1)
ax.imshow(udl.plot.tile_images(images[shown.ravel()], n_columns=11), cmap="gray_r", vmin=0, vmax=1)
ax.axvline(9.0, color="#1f5f99", lw=2)
ax.set_axis_off()
ax.set_title("Query, and its ten nearest codes")
plt.show()

# %%
# Precision and recall at every radius
# ------------------------------------
# ``hamming_histogram`` counts the codes at each distance from each query. Its cumulative sum is the
# number of codes within each radius; the same over the codes of the query's own digit gives the
# relevant ones. No list of neighbours is ever made.


def precision_and_recall(code):
    """At each radius 0 to 64, over all queries together."""
    found = relevant = 0
    for digit in range(10):
        asking = code[queries][digits[queries] == digit]
        same = code[database][digits[database] == digit]
        found = found + udl.hamming_histogram(asking, code[database]).sum(axis=0).cumsum()
        relevant = relevant + udl.hamming_histogram(asking, same).sum(axis=0).cumsum()
    return relevant / np.maximum(found, 1), relevant / relevant[-1], found > 0


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
for (name, code), color in zip(codes.items(), ("#1f5f99", "#c2571a"), strict=True):
    precision, recall, any_found = precision_and_recall(code)
    radii = np.flatnonzero(any_found)
    left.plot(radii, precision[radii], color=color, lw=1.8, label=f"precision, {name}")
    left.plot(radii, recall[radii], color=color, lw=1.4, ls="--", label=f"recall, {name}")
    right.plot(recall[radii], precision[radii], color=color, lw=1.8, label=name)
left.set(xlabel="radius (bits)", title="Codes within a radius", xlim=(0, 64), ylim=(0, 1.02))
right.set(xlabel="recall", ylabel="precision", title="All radii", xlim=(0, 1), ylim=(0, 1.02))
for ax in (left, right):
    ax.grid(alpha=0.25)
    ax.legend(frameon=False, fontsize=8)
plt.show()
