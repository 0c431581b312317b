"""A page on which a reader picks runs of a dataset and a target, and sees steps and ratios follow."""
