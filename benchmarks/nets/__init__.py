"""Nets of dense layers: speed of their training steps."""
