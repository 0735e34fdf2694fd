"""What commands have in common: types of options, outputs."""
