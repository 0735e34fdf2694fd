"""CD, PCD and Gibbs steps of binary RBMs."""
