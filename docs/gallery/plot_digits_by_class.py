"""
Digits of a chosen class
========================

Label units beside the units below the top RBM let a deep belief net learn images and classes jointly: it then says
which digit an image shows, and makes up images of a digit that is asked for.
"""

# %%
# Images and labels
# -----------------
# The top RBM has the 64 units of the layer below it, and a softmax group of ten label units. Only every second
# image of those that are learned from has a label here; -1 says that there is none.

import os

import matplotlib.pyplot as plt
import numpy as np

import udl_fast as udl

n_iter = 20 if os.environ.get("UDL_FAST_GALLERY_QUICK") else 150
X, y = udl.datasets.load_digits(binary=0.5, return_X_y=True)
known = np.where(np.arange(1500) % 2 == 0, y[:1500], -1)
template = udl.RBM(batch_size=20, learning_rate=0.05, momentum=0.5, n_iter=n_iter)
net = udl.DBN((64, 256), rbm=template, pass_up="sample", labels=True, random_state=0)
net.fit(X[:1500], known)

# %%
# Which digit it is
# -----------------
# The class whose label has the least free energy beside the image. Differences of free energies are log odds, so
# that they say how sure the net is.

right = net.predict(X[1500:]) == y[1500:]
sure = net.predict_proba(X[1500:]).max(axis=1)
figure, ax = plt.subplots(figsize=(6, 2.5), layout="constrained")
ax.hist([sure[right], sure[~right]], bins=20, range=(0, 1), label=["right", "wrong"])
ax.set_xlabel("probability of the class it takes")
ax.set_ylabel("test images")
ax.set_title(f"{right.mean():.1%} of {len(right)} test images are right")
ax.legend()
plt.show()

# %%
# Made up by class
# ----------------
# The label units are held at a class while the chains at the top run, ten chains for each; one pass down shows
# what they mean, a row of images for each digit.

classes = np.repeat(np.arange(10), 10)
digits = net.sample(100, n_steps=1000, labels=classes, means=True, random_state=0)
figure, ax = plt.subplots(figsize=(6, 6), layout="constrained")
ax.imshow(udl.plot.tile_images(digits, image_shape=(8, 8)), cmap="gray_r", vmin=0, vmax=1)
ax.set_axis_off()
plt.show()
