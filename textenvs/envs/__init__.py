"""The derived forms, each written once for all games."""
