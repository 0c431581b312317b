"""Finished runs: their specs, their fingerprints, their files."""
