"""The arms without a language model: tables of logits on an exact graph, with exact values, in seconds."""
