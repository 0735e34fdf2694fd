"""Memory of a device, and of blocks: what is allocated and written, and which warps and threads used it."""
