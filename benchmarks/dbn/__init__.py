"""Deep belief nets: fine-tuned as classifiers, with few labels, and as densities."""
