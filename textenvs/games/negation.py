"""Words that rule out the move named after them, as in "not left but right"."""

NOT = r"(?:\b(?:not|cannot|never|avoid|instead of|rather than)|n['’]t)\s+"
"""A pattern for such words, to be followed by a pattern for a move."""
