"""What users ask of a fitted deep belief net.

`inference` has means and reconstructions, `predictions` classes by its label units, `sampling` samples, `bound`
how likely rows are.
"""
