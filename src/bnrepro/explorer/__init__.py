"""A page on which a reader picks runs of a dataset and a target, and sees steps and ratios follow."""

NAME = "explorer.html"  # in a dataset's folder of reports; DVC keeps it, and git does not
