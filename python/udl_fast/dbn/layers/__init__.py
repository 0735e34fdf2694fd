"""The layers of a deep belief net: `greedy` is how they learn, `passes` what goes up and down between them.

`labels` are units of classes in the top RBM, `part_labels` labels that may be missing, and `untied` the engine
whose layers have weights of their own for both ways.
"""
