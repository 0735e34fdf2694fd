"""How an RBM learns: `start` is where it begins, `learning` what its engine is told, `no_effect` and `gpu` which
arguments do nothing, or cannot be had on a GPU. `measurements` is what `history_` has, and `diagnosis` says when
learning goes wrong."""
