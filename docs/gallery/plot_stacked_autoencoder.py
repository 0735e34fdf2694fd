"""
Sparse autoencoders, one on top of the other
============================================

A stacked autoencoder learns layer by layer: the second sparse autoencoder reconstructs the code of the first,
not the image.
"""

# %%
# Two layers
# ----------
# Images are mapped to codes of 100 units, and these to codes of 49. ``layer`` is a template of which each
# layer is a copy. No label takes part.

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

import udl_fast as udl

n_iter = 20 if os.environ.get("UDL_FAST_GALLERY_QUICK") else 400
digits = udl.datasets.load_digits()
train, test = digits.data[:1200], digits.data[1200:]
labels, test_labels = digits.target[:1200], digits.target[1200:]

layer = udl.SparseAutoencoder(sparsity_target=0.1, weight_decay=1e-3, n_iter=n_iter)
stack = udl.StackedAutoencoder((100, 49), layer=layer, random_state=0).fit(train)
first, second = stack.layers_

# %%
# What the units look for
# -----------------------
# The first layer's units answer to strokes. Those of the second have no weights of pixels; what they answer to
# is told by the weights of both layers multiplied.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
udl.plot.WeightsDisplay.from_values(first.components_, order="norm", ax=left, title="first layer")
udl.plot.WeightsDisplay.from_values(
    second.components_ @ first.components_, order="norm", ax=right, title="second layer, projected"
)
plt.show()

# %%
# What the codes are good for
# ---------------------------
# A linear classifier that sees a hundred labels: from pixels, from the first code and from the second, which
# tells with half as many numbers what the first one does.

some = np.random.default_rng(0).permutation(len(train))[:100]
shares = {}
for name, code in (
    ("pixels", lambda X: X),
    ("first code", first.transform),
    ("second code", stack.transform),
):
    classifier = LogisticRegression(C=10, max_iter=2000).fit(code(train[some]), labels[some])
    shares[name] = classifier.score(code(test), test_labels)
figure, ax = plt.subplots(figsize=(5, 2.2), layout="constrained")
bars = ax.barh(list(shares), list(shares.values()), color="#4477aa")
ax.bar_label(bars, fmt="{:.1%}", padding=3)
ax.set(xlim=(0, 1.15), title="right answers about images not seen", xticks=[])
ax.invert_yaxis()
for spine in ax.spines.values():
    spine.set_visible(False)
plt.show()
