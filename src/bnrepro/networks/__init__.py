"""The network of the paper's section 4.1, written in the ways that TensorFlow's users know."""
