"""The committed reports as pages in a browser: at four widths, in the dark, on paper, by keyboard."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("reports/*/report.html"))
# What reaches beyond the right edge of what holds it, but for what scrolls by itself.
BEYOND = """
const right = document.documentElement.clientWidth;
return [...document.querySelectorAll("main *")]
    .filter(element => !element.closest(SCROLLS) && element.getBoundingClientRect().right > right + 1)
    .map(element => element.outerHTML.slice(0, 200));
"""
A4 = 688  # pixels between margins of 14 mm


@pytest.fixture(params=PAGES, ids=lambda path: path.parent.name)
def page(request, browser):
    browser.get(request.param.as_uri())
    yield browser
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def at_width(page, width):
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.mark.parametrize("width", [390, 820, 1024, 1280])
def test_nothing_reaches_beyond_the_page(page, width):
    at_width(page, width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    assert page.execute_script(BEYOND.replace("SCROLLS", "'.wide'")) == []


def test_on_paper_every_column_is_there_and_every_part_open(page):
    at_width(page, A4)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script(BEYOND.replace("SCROLLS", "'no_such'")) == []
    hidden = "return [...document.querySelectorAll('details table')].filter(table => !table.checkVisibility()).length"
    assert page.execute_script(hidden) == 0


def test_text_stands_out_in_the_dark(page):
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    colors = "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
    text, paper = (sum(map(int, color[4:-1].split(","))) / 3 for color in page.execute_script(colors))
    assert text - paper > 150


def test_contents_lead_to_every_section_and_tables_scroll_by_keyboard(page):
    links = page.execute_script("return [...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
    headings = page.execute_script("return [...document.querySelectorAll('h2, h3')].map(h => '#' + h.id)")
    assert links == headings
    assert page.execute_script("return document.querySelectorAll('.wide:not([tabindex]), th:not([scope])').length") == 0
