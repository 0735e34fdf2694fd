"""How an RBM learns: gradients, chains, schedules, starts, advice."""
