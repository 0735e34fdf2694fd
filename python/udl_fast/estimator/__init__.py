"""What every trained model shares: rules of parameters, input, fitted attributes, the training loop."""
