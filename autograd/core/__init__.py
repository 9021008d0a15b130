"""The core: the table, a scalar that remembers, the chain rule; all else reads it."""
