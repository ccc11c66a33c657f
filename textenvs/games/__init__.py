"""The games, one module each; nothing here knows about any interface."""
