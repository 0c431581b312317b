"""Many runs beside the pipeline: `python -m surveys`. Their tables name the machine; no bits are promised of them."""
