"""
What a deep belief net makes up
===============================

A deep belief net learns layer by layer. Chains of the RBM at its top wander among states of abstract units; one
pass down shows what they stand for.
"""

# %%
# Three layers
# ------------
# Each layer is an RBM of what the one below makes of the images; ``rbm`` is a template of which each is a copy.
# States are drawn upwards, so that layers learn from bits.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

n_iter = 10 if os.environ.get("UDL_FAST_GALLERY_QUICK") else 150
X = udl.datasets.load_digits(binary=0.5).data
train, test = X[:1500], X[1500:]
template = udl.RBM(batch_size=20, learning_rate=0.05, momentum=0.5, n_iter=n_iter)
net = udl.DBN((64, 64, 128), rbm=template, pass_up="sample", random_state=0).fit(train)

# %%
# What the units look for
# -----------------------
# Units of the first layer answer to strokes. What those above answer to is told by the weights of all layers
# multiplied.

weights, figure = 1.0, plt.figure(figsize=(11, 4), layout="constrained")
for number, (layer, ax) in enumerate(zip(net.layers_, figure.subplots(1, 3), strict=True)):
    weights = layer.components_ if number == 0 else layer.components_ @ weights
    title = f"layer {number + 1}" + ("" if number == 0 else ", projected")
    udl.plot.WeightsDisplay.from_values(weights[:64], order="norm", ax=ax, title=title)
plt.show()

# %%
# What it makes up
# ----------------
# Twelve chains at the top, from random states on, after ever more Gibbs steps.

steps = (1, 10, 100, 1000)
udl.plot.SamplesDisplay.from_estimator(net, steps=steps, image_shape=(8, 8))
plt.show()

# %%
# How good a density it is
# ------------------------
# A net of few units at the top has a log Z that can be summed. Its bound on the log-likelihood of images that it
# has not learned from stands beside the log-likelihood of an RBM of so few units, which is summed, too.

first = udl.RBM(16, batch_size=20, learning_rate=0.05, momentum=0.5, n_iter=n_iter, random_state=0)
first.fit(train)
small = udl.DBN((64, 16), rbm=template, random_state=0).fit(train)
values = {
    "RBM of 16 units": first.log_likelihood(test).mean(),
    "DBN of 64 and 16, bound": small.log_likelihood_bound(test).mean(),
}
figure, ax = plt.subplots(figsize=(6, 1.6), layout="constrained")
ax.barh(list(values), np.array(list(values.values())))
ax.set_xlabel("log-likelihood of test images, nats")
plt.show()
