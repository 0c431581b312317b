"""One file per figure. Figures see tables, never runs, and compute nothing."""
