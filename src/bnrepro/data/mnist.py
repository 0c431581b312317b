"""MNIST, the paper's dataset."""

from bnrepro.data.idx import Idx

MNIST = Idx(
    name="mnist",
    title="MNIST",
    about="handwritten digits (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/), the paper's dataset",
    make="make paper",
    shape=(28, 28, 1),
    levels=255,
    classes=tuple("0123456789"),
    images=60_000,
    test_images=10_000,
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    files={
        "train-images-idx3-ubyte.gz": ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
        "train-labels-idx1-ubyte.gz": ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
        "t10k-images-idx3-ubyte.gz": ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
        "t10k-labels-idx1-ubyte.gz": ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    },
)
