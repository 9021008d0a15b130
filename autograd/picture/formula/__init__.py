"""Formulas: printed as text, and set as lines, fractions and columns."""
