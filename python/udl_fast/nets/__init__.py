"""Nets of dense layers for the models above: what they are, where they start, and how they learn.

`layers` says which layers and arrays a net has, `losses` which loss goes with its outputs, `solvers` has those
that work on all parameters at once, and `learner` is the engine that a model trains by any of them.
"""
