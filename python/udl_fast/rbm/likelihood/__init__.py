"""How likely states are: `scores` of rows, `partition` with log Z by `enumeration` or `annealing`.

`states` says which rows have a likelihood, `energies` what kinds of units add to it. `score_of_rows` says which
score a model has, `reconstruction` has the one where a unit given all others has no closed form, and `mirrored` is
free energies of hidden states.
"""
