"""The batch normalization figure of Ioffe & Szegedy (2015), rebuilt from nothing.

Importing the package fixes, before TensorFlow can be imported, what the numbers depend on: one thread (a 100-wide
network is slower on two, and runs in parallel use the cores better), oneDNN's kernels switched on by name instead of by
the processor's model, and Keras 2. It overrides what a shell has set. The command also drops the rest of the shell's
environment (`bnrepro.environment`).
"""

import os
import sys

__version__ = "0.1.0"

ENVIRONMENT = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_USE_LEGACY_KERAS": "1",  # Keras 2: the layers of Keras 3 do not work in the model function of an estimator
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow reports missing CUDA libraries at level 2, on every start
}
if "tensorflow" not in sys.modules:  # it reads them once
    os.environ.update(ENVIRONMENT)
