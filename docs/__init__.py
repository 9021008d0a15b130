"""The site and what builds it: `python -m docs`."""
