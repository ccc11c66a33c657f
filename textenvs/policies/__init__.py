"""Whatever can act: scripted, human and language-model policies behind one protocol."""
