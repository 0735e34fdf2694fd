"""Benchmarks: contestants in processes of their own, timed in turns, checked before.

`udl-fast bench NAME` runs one. The protocol is in `harness.py`.
"""
