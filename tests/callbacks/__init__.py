"""Callbacks: their protocol, those we ship, and the history of a fit."""
