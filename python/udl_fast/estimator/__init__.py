"""What every trained model shares: rules of parameters, input, fitted attributes, training, its state."""
