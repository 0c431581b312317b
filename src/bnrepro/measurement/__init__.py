"""Parameters and data in, numbers out: one evaluator for all networks, and one probe of their layers."""
