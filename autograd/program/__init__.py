"""What a program is: a function as a flat list of instructions, the passes over it, its gradient, its text."""
