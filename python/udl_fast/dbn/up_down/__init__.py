"""Fine-tuning by the up-down algorithm.

`fine_tuning` is the call and the weights that it leaves, `stage` the stage of training that it is, and `arguments`
what it is told.
"""
