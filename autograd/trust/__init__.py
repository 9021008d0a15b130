"""Trust: gradients against finite differences, and random expressions that shrink to the smallest wrong one."""
