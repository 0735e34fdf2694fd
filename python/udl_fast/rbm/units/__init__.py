"""Kinds of units: `kinds` says what goes together and makes the engine that has them, `rows` which rows are their
states. `groups` are those of softmax units, `sigma` the deviations of Gaussian ones, and `normal_pair` the
distribution of Gaussian units in both layers, if they have any."""
