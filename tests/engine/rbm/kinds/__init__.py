"""Every kind of unit in the float64 engine, against energies alone."""
