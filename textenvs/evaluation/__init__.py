"""Play policies, keep what they did, and verify it."""
