"""Calls that are interrupted wherever Python can be: what they leave is the old state or the new one."""
