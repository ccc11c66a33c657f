"""Exact values of games, known before any training."""
