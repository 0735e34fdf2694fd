"""Nets of dense layers for the models above: what they are, where they start, and how they learn.

`layers` says which layers and arrays a net has, `losses` which loss goes with its outputs, `solvers` has those
that work on all parameters at once, and `learner` is the engine that a model trains by any of them; `rules` and
`learning` have the arguments of solvers and what they tell it. `heads` makes a classifier of a net, and
`classifier` is the plain one.
"""
