"""Text of PTX to instructions, calls of functions put in their place."""
