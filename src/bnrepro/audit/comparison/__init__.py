"""`bnrepro compare`: iterations, ratios and curves of two revisions, or of two settings of a study, side by side."""
