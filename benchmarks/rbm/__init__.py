"""RBMs: growth of the training time, exact likelihoods, our metrics, and what watching costs."""
