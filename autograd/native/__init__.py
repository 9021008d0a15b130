"""From a program to machine code, and its running."""
