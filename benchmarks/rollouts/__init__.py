"""How fast a language model plays: ours, the straightforward ways, and the model's own speed as the limit."""
