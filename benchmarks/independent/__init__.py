"""Problems that others have published with their answers, and what this engine makes of them."""
