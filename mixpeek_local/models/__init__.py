"""Model files: which there are, how they are had, and what is missing without them."""
