"""The batch normalization figure of Ioffe & Szegedy (2015), rebuilt from nothing.

Importing the package fixes, before TensorFlow can be imported, what the numbers depend on. It overrides what a shell
has set. The command also drops the rest of the shell's environment (`bnrepro.environment`).
"""

import os
import sys

ENVIRONMENT = {
    # A network 100 wide is slower on two threads, and runs in parallel use the cores better.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",  # the number of cores would decide how OpenBLAS splits a sum
    "OPENBLAS_NUM_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "1",  # else the processor's model decides
    "TF_USE_LEGACY_KERAS": "1",  # Keras 2: the layers of Keras 3 do not work in the model function of an estimator
    "KERAS_HOME": os.devnull,  # there is no keras.json below it, and none can be written
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow reports missing CUDA libraries at level 2, on every start
}
if "tensorflow" not in sys.modules:  # it reads them once
    os.environ.update(ENVIRONMENT)
