"""Experiments: one folder each, with a sweep, a run and an analysis."""
