"""Self-play: how exploitable a small language model remains that learns a game against itself."""
