"""
Semantic hashing
================

A deep autoencoder whose code is 32 bits. Images that are alike get codes that differ in few of them, so that
images are found by counting bits.
"""

# %%
# Codes
# -----
# Layers learn first one after another, as RBMs; then the net learns to reconstruct images from bits alone. The
# bits stay packed from there to the search.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

quick = bool(os.environ.get("UDL_FAST_GALLERY_QUICK"))
images, digits = udl.datasets.load_digits(return_X_y=True)
train, queries = images[:1500], images[1500:]

hasher = udl.SemanticHasher(
    (200, 32),
    rbm=udl.presets.science2006(n_iter=3 if quick else 30),
    learning_rate=2e-3, n_iter=3 if quick else 60, random_state=0,
).fit(train)  # fmt: skip

distances, numbers = hasher.index(train).search(queries, k=10)
same = digits[:1500][numbers] == digits[1500:, None]
print(f"of the ten nearest by 32 bits {same.mean():.0%} are of the query's digit")

# %%
# Are they good codes?
# --------------------
# Every bit should be on in a fair share of the images, and two bits should not say the same.

diagnosis = hasher.diagnose(train)
print(diagnosis)
udl.plot.CodeStatisticsDisplay.from_diagnosis(diagnosis)
plt.show()

# %%
# What is found
# -------------
# A query in each pair of rows, then what is nearest by code, and by the distance of pixels.

some = np.random.default_rng(1).permutation(len(queries))[:5]
udl.plot.RetrievalDisplay.from_estimator(hasher, queries[some], train)
plt.show()

# %%
# What 32 bits keep of an image
# -----------------------------

udl.plot.ReconstructionDisplay.from_estimator(hasher, queries[some], title="Images from 32 bits")
plt.show()

# %%
# Precision and recall
# --------------------
# Beside codes without learning, signs of random projections: all codes within each radius. Equal distances need no
# order; where codes are ranked, `mean_average_precision` takes the mean over all orders of them.

centred = images - train.mean(axis=0)
planes = np.random.default_rng(0).normal(size=(images.shape[1], 32))
codes = {
    "semantic hashing": hasher.encode(images),
    "random projections": udl.pack_bits(centred @ planes, threshold=0.0),
}
pairs = {name: (found[1500:], found[:1500]) for name, found in codes.items()}
labels = (digits[1500:], digits[:1500])
for name, pair in pairs.items():
    print(name, round(udl.evaluation.mean_average_precision(*pair, labels=labels), 3))
udl.plot.PrecisionRecallDisplay.from_codes(pairs, labels=labels)
plt.show()
