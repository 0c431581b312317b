"""The datasets by name, in the order in which commands and messages list them."""

from bnrepro.data.digits import DIGITS
from bnrepro.data.fashion_mnist import FASHION_MNIST
from bnrepro.data.mnist import MNIST
from bnrepro.data.source import Source

SOURCES: dict[str, Source] = {source.name: source for source in (DIGITS, MNIST, FASHION_MNIST)}
NAMES = tuple(SOURCES)
