"""The datasets: one file each, and what all have in common."""
