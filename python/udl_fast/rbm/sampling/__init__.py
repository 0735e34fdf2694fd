"""Samples: `half_steps` of one layer given the other, `gibbs` chains of them. `clamping` holds visible units,
`tempered` runs chains at several temperatures."""
