"""Measurements that are recorded; run one with `python -m benchmarks.ROOM.NAME` in the checkout."""
