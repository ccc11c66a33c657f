"""How a policy is trained: one readable file per algorithm."""
