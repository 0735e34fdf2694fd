"""RBMs on a device: engines, training, and models that move there."""
