"""The claims about the paper's own figure, one a module: does a network of today give its curves, fitted without it?

Where the paper says something in words, that is judged as stated, and the numbers of its curves as meant.
"""

from bnrepro.claims.figure_1 import STUDY

CAPTION = "arXiv:1502.03167, caption of Figure 1"
FIGURE_1A = "arXiv:1502.03167, Figure 1(a)"
READS = {STUDY: ("normalization",)}
AS_DRAWN = (
    "By population statistics. Each curve is read as the paper's is drawn: from every 4,000th step and the last, "
    "joined by straight lines. Study `paper`."
)
