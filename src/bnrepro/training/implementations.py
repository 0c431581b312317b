"""Which code trains a run: the loop and the network of its implementation, by name."""

from bnrepro.study.factors import Implementation, Resolved


def loop_of(implementation: Implementation, device: Resolved) -> str:
    """The module whose loop trains an implementation on a device."""
    if implementation != "keras":
        return "bnrepro.training.estimator_loop"
    return "bnrepro.training.stacked_loop" if device == "gpu" else "bnrepro.training.compiled_loop"


def network_of(implementation: Implementation) -> str:
    """The module of an implementation's network."""
    return f"bnrepro.networks.{implementation}"
