"""How likely states are: `scores` of rows, `partition` with log Z by `enumeration` or `annealing`.

`energies` has what kinds of units add, `score_of_rows` which score a model has, `reconstruction` the one where a
unit given all others has no closed form, and `mirrored` free energies of hidden states.
"""
