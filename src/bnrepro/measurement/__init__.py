"""Parameters and data in, numbers out: one evaluator for all four networks, and one probe of their layers."""
