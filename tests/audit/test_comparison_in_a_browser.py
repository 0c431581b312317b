"""The page of a comparison in a browser, opened from disk: it draws, fits, stands out and asks for nothing."""

import json
from pathlib import Path

import pytest

from bnrepro.audit.comparison import page, settings
from bnrepro.study import params

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# By panel, the colors of its lines and whether they are more than a point.
LINES = """
return [...document.querySelectorAll(".chart")].map(chart => [...chart.querySelectorAll(".mark-line path")]
    .filter(path => path.getTotalLength() > 50).map(path => path.getAttribute("stroke")));
"""
# What is cut off or reaches beyond the window.
BEYOND = """
const right = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *:not(svg *):not(thead, thead *)")]
    .filter(element => element.getBoundingClientRect().right > right + 1)
    .map(element => element.outerHTML.slice(0, 200));
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of two settings of a study of the committed tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        compared = settings.of(params.load(), "digits", "learning_rate", "normalization=none", "normalization=batch")
        file = tmp_path_factory.mktemp("page") / "page.html"
        page.write(file, "digits", compared, compared.tables(0.9))
    return file.as_uri()


@pytest.mark.parametrize("width", [390, 820, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_draws_both_curves_of_every_panel_within_the_window_and_asks_for_nothing(browser, address, width, scheme):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get_log("browser")
    browser.get_log("performance")
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    try:
        browser.get(address)
        WebDriverWait(browser, 30).until(lambda _: len(browser.find_elements("css selector", ".chart svg")) == 8)
        colors = ["#f0a040", "#62bdf0"] if scheme == "dark" else ["#b35900", "#0072b2"]
        assert [sorted(lines) for lines in browser.execute_script(LINES)] == [sorted(colors)] * 8
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.execute_script(BEYOND) == []
        labels = browser.find_elements("css selector", ".chart .role-axis-label text")
        ink = browser.execute_script("return getComputedStyle(document.body).getPropertyValue('--ink').trim()")
        assert {label.get_attribute("fill") for label in labels} == {ink}
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", "blob:", "about:"))] == [address]
    assert [entry["message"] for entry in browser.get_log("browser")] == []
