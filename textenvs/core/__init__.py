"""Games as pure rules: protocol, instances, refusals, dialogue, errors."""
