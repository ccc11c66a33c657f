"""One training run of an arm on a language model."""
