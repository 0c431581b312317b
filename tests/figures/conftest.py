import matplotlib.pyplot as plt
import pytest

from bnrepro.figures import style


@pytest.fixture(autouse=True)
def _styled_and_closed():
    """Figures have the reports' style, and none stays open."""
    style.apply()
    yield
    plt.close("all")
