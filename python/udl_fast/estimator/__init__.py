"""What every trained model shares.

`model` is the base class: `kind` is what a class brings to it, with `declarations` and `engine`, `fitting` how its
`fit` begins, and `saving` the parts that files and pickles keep. `attributes` are the fitted ones, `given` those
that are assigned instead of learned, `output` is what `set_output` asks for. `parameters` has rules of arguments,
`templates` those of arguments that are models. `input` is what callers give, `targets` what rows are to be mapped
to, and `training` the way of both through an engine.

For models of some kinds: `layered` and `features` for those of layers that learn one after another, `binary_codes`
for those whose codes are packed to bits, `draws` for those that sample.
"""
