"""What the scripts share: options and records, resident memory, damage; and the texts' figures."""
