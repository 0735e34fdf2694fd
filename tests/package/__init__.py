"""The package as a whole: layers, import, documentation, installation and the wheel."""
