"""What scripts for GPUs share: the device, what is measured and how, the record."""
