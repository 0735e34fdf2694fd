"""Files that are damaged, and writers that are killed."""
