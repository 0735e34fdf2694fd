"""CD-1 with Gaussian visible units."""
