"""Derivatives of functions: one recording of a function, swept in either direction, to any order."""
