"""Partition functions and scores."""
