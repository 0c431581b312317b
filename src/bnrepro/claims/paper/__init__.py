"""The claims about the paper's own figure, one a module: does a network of today give its curves, fitted without it?"""

FIGURE_1A = "arXiv:1502.03167, Figure 1(a)"
FIGURE_1BC = "arXiv:1502.03167, Figure 1(b, c)"
READS = {"paper": ("normalization",)}
