"""What commands read: rows of numbers, binary codes, CSV text, and checks of their values."""
