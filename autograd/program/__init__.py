"""A function as a flat list of instructions, the passes over it, and what runs it over a batch."""
