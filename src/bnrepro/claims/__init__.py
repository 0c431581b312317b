"""Claims about batch normalization, each with the rule that judges it, written down before its first result."""
