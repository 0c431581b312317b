"""The claims about the paper's Figures 2 and 3, one a module, judged by a small convolutional network.

The task, the network and the budget are others than the paper's, so its numbers are not what is judged: its statements
are, as stated, and as they should be meant where a learning rate was never tuned.
"""

SECTION = "arXiv:1502.03167, section 4.2"
OWN_BEST = (
    "Accuracies are test accuracies by population statistics, and the highest that two evaluations in a row have. "
    "Steps are those to the best accuracy of the baseline of the same seed (`Inception`: no batch normalization, ReLU, "
    "the learning rate that is best for it)."
)
CHANGED = "with the paper's other changes (no dropout, a fifth of the L2 regularization, a decay 6 times faster)"
