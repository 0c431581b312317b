"""One run: a network, its mini-batches, and what is measured on the way."""
