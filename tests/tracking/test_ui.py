"""MLflow's page over the runs of a small pipeline, in a browser, as a person goes through it.

BNREPRO_SCREENSHOTS names a folder for what was seen.
"""

import json
import os
import re
import signal
from pathlib import Path
from statistics import fmean

import psutil
import pytest

from bnrepro.records.schema import RECORD
from tests import pipeline

pytestmark = pytest.mark.slow

SERIES = "depth 3 · batch normalization · Keras model"
EVALUATIONS = 31  # of 300 steps, every 10, and at the start
# Rows of the list of runs, and in them the cell with the name.
NAMES = "//*[contains(@class, 'ag-pinned-left-cols-container')]/*[@role='row']"
# The points of the chart `accuracy`, which is the first.
POINTS = "(//*[contains(@class, 'js-plotly-plot')])[1]//*[contains(@class, 'scatterlayer')]//*[@class='point']"


class Ui:
    """`bnrepro ui` in a clone.

    Attributes:
        address: of the server, without a path.
        runs: the address that it says the runs on digits have.
    """

    def __init__(self, clone: pipeline.Clone):
        self.clone = clone
        self.process = clone.start("bnrepro", "ui")
        lines = [self.process.stdout.readline() for _ in range(4)]
        self.address = re.fullmatch(r"MLflow is at (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\n", lines[2]).group(1)
        self.runs = re.fullmatch(r"The runs on digits: (\S+)\n", lines[3]).group(1)
        assert self.runs.startswith(f"{self.address}/#/")

    def sockets(self) -> list:
        """Those of the command and of all that it started."""
        processes = {process.pid for process in psutil.Process(self.process.pid).children(recursive=True)}
        return [socket for socket in psutil.net_connections("inet") if socket.pid in {self.process.pid, *processes}]

    def final_accuracies(self) -> list[float]:
        """Of the seeds of SERIES, by their records."""
        paths = (self.clone.folder / "data" / "runs" / "digits" / "depth").glob(f"*/{RECORD}")
        records = [json.loads(path.read_text()) for path in paths]
        wanted = {"implementation": "keras", "normalization": "batch"}.items()
        return [record["curve"]["accuracy"][-1] for record in records if wanted <= record["spec"].items()]


def small_of_depth_3(tree: dict) -> None:
    pipeline.small(tree)
    tree["studies"]["depth"]["depth"] = [3]
    tree["training"]["digits"]["steps"] = 300  # where some arrive


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    clone = pipeline.clone(tmp_path_factory.mktemp("ui"), small_of_depth_3)
    clone.run("dvc", "repro")
    shown = Ui(clone)
    yield shown
    shown.process.send_signal(signal.SIGINT)
    shown.process.communicate(timeout=30)


class Page:
    """What a person can do on the page: wait for something, read it, and click on it."""

    def __init__(self, browser, screenshots: Path):
        self._browser, self._screenshots = browser, screenshots

    def open(self, url: str) -> None:
        self._browser.set_window_size(2000, 1000)  # columns beyond the window are not there
        self._browser.get("about:blank")  # an address that differs in its #fragment alone would not be loaded
        self._browser.get(url)

    def read(self, xpath: str, count: int = 1, what: str = "innerText") -> list[str]:
        """An attribute of all that there is of something, once `count` of them are to be seen."""

        def seen():
            found = [element for element in self._browser.find_elements("xpath", xpath) if element.is_displayed()]
            return [element.get_attribute(what) for element in found] if len(found) >= count else None

        return self._until(seen, xpath)

    def columns(self) -> list[str]:
        """Of the list of runs, from left to right."""
        self.read("//*[@role='columnheader'][contains(@col-id, 'metrics.`')]", 6)
        headers = self._browser.find_elements("xpath", "//*[@role='columnheader'][contains(@col-id, '.`')]")
        return [header.get_attribute("col-id") for header in sorted(headers, key=lambda header: header.rect["x"])]

    def lacks(self, xpath: str) -> bool:
        return not any(element.is_displayed() for element in self._browser.find_elements("xpath", xpath))

    def click(self, xpath: str) -> None:
        self._until(lambda: self._browser.find_element("xpath", xpath).click() or True, xpath)

    def tab(self, name: str) -> None:
        self.click(f"//*[@role='tab'][normalize-space()='{name}']")

    def frame(self) -> str:
        """The text of the page within the page."""

        def text():
            self._browser.switch_to.default_content()
            self._browser.switch_to.frame(self._browser.find_element("xpath", "//iframe"))
            return self._browser.find_element("xpath", "//body").text

        return self._until(text, "a frame")

    def screenshot(self, name: str) -> None:
        self._browser.save_screenshot(str(self._screenshots / f"{name}.png"))

    def requests(self) -> list[str]:
        """What the page has asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self._browser.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent]

    def _until(self, condition, what: str):
        """What the condition gives once it gives something; the page may be drawn anew while it looks."""
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(self._browser, 30, ignored_exceptions=[WebDriverException])
        return waiting.until(lambda _: condition(), f"not to be seen: {what}")


@pytest.fixture
def page(ui, browser, tmp_path):
    """The page; at the end all that it asked for must have been asked of this machine."""
    screenshots = Path(os.environ.get("BNREPRO_SCREENSHOTS") or tmp_path)
    screenshots.mkdir(parents=True, exist_ok=True)
    page = Page(browser, screenshots)
    yield page
    asked = page.requests()
    assert any(url.startswith(ui.address) for url in asked)
    assert [url for url in asked if not url.startswith((ui.address, f"blob:{ui.address}", "data:", "about:"))] == []


def link(text: str) -> str:
    return f"//a[normalize-space()='{text}']"


def numbers(rows: list[str]) -> dict[str, float]:
    """The rows of MLflow's table of metrics, as `name: number`."""
    cells = [row.split() for row in rows]
    return {cells[0]: float(cells[1]) for cells in cells if len(cells) == 2 and re.fullmatch(r"[\d.e-]+", cells[1])}


def test_the_server_is_there_for_this_machine_alone(ui):
    listening = {socket.laddr for socket in ui.sockets() if socket.status == psutil.CONN_LISTEN}
    assert {host for host, _ in listening} == {"127.0.0.1"}
    assert f"http://127.0.0.1:{next(iter(listening)).port}" == ui.address
    assert {socket.raddr.ip for socket in ui.sockets() if socket.raddr} <= {"127.0.0.1"}


def test_the_experiment_is_listed_with_its_description(ui, page):
    page.open(f"{ui.address}/#/experiments")
    page.read("//*[contains(text(), 'A row is the mean over seeds')]")
    page.screenshot("1-experiments")
    page.click(link("bnrepro/digits"))
    page.read("//*[normalize-space()='bnrepro/digits']")


def test_series_are_listed_with_mean_and_range_and_unfold_into_seeds(ui, page):
    page.open(ui.runs)
    names = page.read(f"{NAMES}//a", 5)
    assert names[0] == "report"
    assert SERIES in names
    assert len(set(names)) == 5, "four series and the report"
    assert page.columns()[1:4] == ["tags.`study`", "metrics.`ratio_at_0.5`", "metrics.`ratio_at_0.8`"]
    place = names.index(SERIES)
    accuracies = ui.final_accuracies()
    for name, value in {"": fmean(accuracies), "_low": min(accuracies), "_high": max(accuracies)}.items():
        (shown,) = page.read(f"//*[@row-index='{place}']//*[contains(@col-id, '`accuracy{name}`')]")
        assert float(shown) == pytest.approx(value, abs=0.0006)
    page.screenshot("2-runs")
    page.click(f"{NAMES}[@row-index='{place}']//button")
    seeds = f"{NAMES}[.//a[starts-with(normalize-space(), 'seed ')]]"
    assert {int(below) for below in page.read(seeds, 2, "row-index")} == {place + 1, place + 2}
    assert set(page.read(f"{seeds}//a", 2)) == {"seed 0", "seed 1"}
    page.screenshot("3-runs-unfolded")


def test_a_series_shows_its_aggregate_and_a_seed_its_curve(ui, page):
    page.open(ui.runs)
    page.click(link(SERIES))
    page.read("//*[contains(text(), 'The mean over the seeds 0, 1')]")
    assert set(page.read("//a[starts-with(normalize-space(), 'seed ')]", 2)) == {"seed 0", "seed 1"}
    metrics, accuracies = numbers(page.read("//*[@role='row']", 30)), ui.final_accuracies()
    assert metrics["accuracy"] == pytest.approx(fmean(accuracies))
    assert metrics["accuracy_low"] == pytest.approx(min(accuracies))
    assert metrics["accuracy_high"] == pytest.approx(max(accuracies))
    assert metrics["seeds"] == 2
    page.screenshot("4-series")
    page.tab("Model metrics")
    assert len(page.read(POINTS, EVALUATIONS)) == EVALUATIONS
    page.screenshot("5-series-metrics")

    page.tab("Overview")
    page.click(link("seed 1"))
    page.read(link(SERIES))
    commit = ui.clone.run("git", "rev-parse", "--short=7", "HEAD").stdout.strip()
    page.read(f"//*[normalize-space()='{commit}']")
    page.screenshot("6-seed")
    page.tab("Model metrics")
    places = [
        re.fullmatch(r"translate\((.+),(.+)\)", at).groups() for at in page.read(POINTS, EVALUATIONS, "transform")
    ]
    assert len(places) == EVALUATIONS
    assert len({height for _, height in places}) > 5, "a curve, and not a line"
    page.screenshot("7-seed-metrics")


def test_a_comparison_of_depth_3_is_a_click_away(ui, page):
    page.open(ui.runs)
    (comparison,) = page.read(link("Depth 3, with and without batch normalization"), 1, "href")
    page.open(comparison)  # it opens in a tab of its own
    for section in ("Accuracy and loss by iterations", "Iterations to a test accuracy"):
        page.read(f"//*[starts-with(normalize-space(), '{section}')]")
    assert set(page.read(f"{NAMES}//a", 2)) == {SERIES, "depth 3 · no normalization · Keras model"}
    assert len(page.read(POINTS, 2 * (EVALUATIONS - 1))) == 2 * (EVALUATIONS - 1), (
        "a curve each, from the first step on"
    )
    page.screenshot("12-comparison")


def test_nobody_is_led_to_pages_about_language_models(ui, page):
    page.open(ui.runs)
    (run,) = page.read(link(SERIES), 1, "href")
    for address in (run.partition("?")[0], f"{ui.address}/", f"{ui.address}/#/experiments"):
        page.open(address)
        page.read("//*[normalize-space()='Model training']")
        assert page.lacks("//*[normalize-space()='Playground' or @placeholder='Ask a question...']")


def test_the_report_shows_its_figures(ui, page):
    page.open(ui.runs)
    page.click(link("report"))
    page.read("//*[contains(text(), 'they are under Artifacts')]")
    page.screenshot("8-report")
    page.tab("Artifacts")
    for number, suffix, folder in ((9, "svg", "figures"), (10, "png", "plots")):
        page.click(f"//*[normalize-space(text())='{folder}']")
        page.click(f"//*[normalize-space(text())='iterations_to_target.{suffix}']")
        page.read(f"//*[normalize-space()='{folder}/iterations_to_target.{suffix}']")
        picture = "//img[starts-with(@src, 'blob:')]"
        width, height = (int(page.read(picture, what=f"natural{side}")[0]) for side in ("Width", "Height"))
        assert width > height > 100
        page.screenshot(f"{number}-figure-{suffix}")
    page.click("//*[normalize-space(text())='report.html']")
    assert "Training iterations with and without batch normalization: digits" in page.frame()
    page.screenshot("11-report-html")
