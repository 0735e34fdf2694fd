"""The tests, in rooms named like those of the package; each room says what it tests."""
