"""Functions that leave: a program printed for other languages and engines."""
