"""The explorer in a browser, opened from disk, as a reader uses it: its numbers are those of the tables."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from bnrepro.analysis import steps_to_target, tables
from bnrepro.explorer import content
from bnrepro.explorer.write import page
from bnrepro.study import params

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# Dataset, study, mode and target; all arms of the first, as many as the page begins with of the others.
PICKED = [
    ("digits", "depth", "ema", 0.9, {"depth": "1,3,5", "implementation": "keras,canned_estimator,core_estimator"}),
    ("digits", "deep", "population", 0.95, {"activation": "relu", "learning_rate": "0.03,0.1"}),
    ("mnist", "learning_rate", "population", 0.96, {}),
    ("mnist", "placement", "ema", 0.97, {}),
    ("fashion_mnist", "inception_rates", "ema", 0.8, {}),
]


@pytest.fixture(scope="module")
def explorers(tmp_path_factory):
    """By dataset, the address of its page and what it holds."""
    folder, made = tmp_path_factory.mktemp("explorers"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        for dataset in ("digits", "mnist", "fashion_mnist"):
            held = content.of(params.load(), dataset)
            file = folder / f"{dataset}.html"
            file.write_text(page(held), encoding="utf-8")
            made[dataset] = (file.as_uri(), {study["name"]: study for study in held["studies"]})
        yield made


class Explorer:
    """The page, and what a reader does with it."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, address: str, **picked) -> None:
        self.browser.get("about:blank")  # an address that differs in its fragment alone would not be loaded
        fragment = "&".join(f"{name}={value}" for name, value in picked.items())
        self.browser.get(f"{address}#{fragment}")
        self.until(lambda: self.find("#chart svg"))

    def until(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, 30).until(lambda _: condition())

    def find(self, selector: str) -> list:
        return self.browser.find_elements("css selector", selector)

    def rows(self) -> dict[str, dict]:
        """By the arm's name in links: how many runs arrive, exact numbers and texts of cells, and the steps by seed."""
        return self.browser.execute_script(
            """
            const value = (cell) => cell.querySelector("data") && Number(cell.querySelector("data").value);
            const seeds = (cell) => [...cell.querySelectorAll("li")].map(
                (item) => [Number(item.textContent.split(":")[0]), value(item)]);
            return Object.fromEntries([...document.querySelectorAll("#rows tr")].map((row) => {
                const [arrive, steps, ratio, runs] = row.querySelectorAll("td");
                return [row.dataset.arm, {
                    arrive: arrive.textContent, steps: value(steps), ratio: value(ratio),
                    stepsText: steps.textContent, ratioText: ratio.textContent, seeds: seeds(runs)}];
            }));"""
        )

    def type_target(self, percent: str) -> None:
        from selenium.webdriver.common.keys import Keys

        (box,) = self.find("#target")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(percent)


@pytest.fixture
def explorer(browser):
    """Opened pages may ask for nothing but themselves, and break no rule of their policy."""
    browser.get_log("browser")
    browser.get_log("performance")
    yield Explorer(browser)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") for url in asked)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def of_arm(table: pd.DataFrame, study: dict, name: str) -> pd.DataFrame:
    """The rows of a table that are of an arm, by its name in links."""
    for factor, key in zip(study["factors"], name.split("/") if name else [], strict=True):
        values = table[factor["name"]]
        if key:
            values = values.map(lambda value: f"{value:g}" if isinstance(value, float) else str(value))
        table = table[values == key if key else values.isna()]
    return table


@pytest.mark.parametrize(("dataset", "name", "mode", "target", "picked"), PICKED)
def test_numbers_are_those_of_the_tables(explorer, explorers, dataset, name, mode, target, picked):
    address, studies = explorers[dataset]
    explorer.open(address, study=name, mode=mode, target=target, **picked)
    shown = explorer.rows()
    steps, speedup = (
        tables.rows(tables.read(dataset, table), study=name, mode=mode, target=target)
        for table in ("steps_to_target", "speedup")
    )
    first = tables.rows(tables.read(dataset, f"first_steps/{name}"), mode=mode, target=target)
    compared = 0
    for arm, row in shown.items():
        (own,) = of_arm(steps, studies[name], arm).to_dict("records")
        assert row["arrive"].startswith(f"{own['reached']} of {own['runs']}"), arm
        assert f"({own['diverged']} diverged)" in row["arrive"] or not own["diverged"]
        if own["reached"]:
            assert row["steps"] == pytest.approx(own["mean_restricted_steps"], rel=1e-5), arm
            assert f"{own['low']:,.0f} to " in row["stepsText"]
            assert row["stepsText"].endswith(f"{own['high']:,.0f})")
        else:
            assert row["stepsText"] == f"not within {own['high']:,.0f}"
        runs = of_arm(first, studies[name], arm)[["seed", "steps"]].itertuples(index=False)
        assert row["seeds"] == [[seed, None if pd.isna(at) else at] for seed, at in runs]
        ratios = of_arm(speedup, studies[name], arm).to_dict("records")
        if not ratios or pd.isna(ratios[0]["ratio"]):
            assert row["ratioText"] == "–", arm
        elif ratios[0]["censored"] == "both":
            assert row["ratioText"] == "not determined"
        else:
            assert row["ratio"] == pytest.approx(ratios[0]["ratio"], rel=1e-5), arm
            sign = {"lower": "≥", "upper": "≤", "none": ""}[ratios[0]["censored"]]
            assert re.match(r"[≥≤]?", row["ratioText"])[0] == sign
            compared += 1
        compared += 1
    assert compared >= 4


@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_an_interval_is_that_of_the_rules(explorer, explorers, dataset):
    """Of the claim that compares the same networks, whose bounds count, too."""
    claims = json.loads((ROOT / "reports" / dataset / "claims.json").read_text(encoding="utf-8"))
    parts = next(claim for claim in claims if claim["id"] == "fewer-iterations")["stated"]["parts"]
    implementations = ",".join(sorted({part["at"]["implementation"] for part in parts}))
    for target in sorted({part["at"]["target"] for part in parts}):
        picked = {"study": "depth", "target": target, "implementation": implementations, "depth": "1,3,5,7"}
        explorer.open(explorers[dataset][0], **picked)
        shown = explorer.rows()
        for part in parts:
            at = part["at"]
            if at["target"] != target:
                continue
            text = shown[f"{at['implementation']}/{at['depth']}/batch"]["ratioText"]
            numbers = [float(number) for number in re.findall(r"[0-9.]+", text)]
            wanted = [end for end in (part["low"], part["high"]) if end]
            if wanted:
                sign = {1: "", 0: "≤ "}[int(part["low"] > 0)] if part["high"] else "≥ "
                assert text.startswith(sign + str(numbers[0])[0]), (at, text)
                assert numbers[1:] == pytest.approx(wanted, rel=0.01), (at, text)
            else:
                assert text in ("not determined", "–"), at


def test_a_target_that_no_table_has_follows_from_the_curves(explorer, explorers):
    address, studies = explorers["digits"]
    explorer.open(address, study="depth", target=0.9)
    explorer.type_target("92.7")
    curves = tables.read("digits", "curves/depth").assign(budget=3000, diverged=False)
    first = steps_to_target.first_steps(curves, [0.927])
    summary = tables.rows(steps_to_target.summary(first), mode="ema")
    speedup = tables.rows(steps_to_target.speedup(first), mode="ema")
    shown = explorer.rows()
    assert len(shown) == 4
    for arm, row in shown.items():
        (own,) = of_arm(summary, studies["depth"], arm).to_dict("records")
        assert row["arrive"] == f"{own['reached']} of {own['runs']}"
        assert row["steps"] == (pytest.approx(own["mean_restricted_steps"]) if own["reached"] else None)
        (ratio,) = of_arm(speedup, studies["depth"], arm)["ratio"] if arm.endswith("batch") else [None]
        assert row["ratio"] == (None if ratio is None else pytest.approx(ratio))


def test_a_link_restores_what_was_picked(explorer, explorers):
    from selenium.webdriver.support.ui import Select

    explorer.open(explorers["mnist"][0])
    Select(explorer.find("#study")[0]).select_by_value("tuned_adam")
    Select(explorer.find("#mode")[0]).select_by_value("validation")
    Select(explorer.find("#against")[0]).select_by_value("0.003/none")
    explorer.find("input[name=learning_rate][value='0.001']")[0].click()
    explorer.find("#log")[0].click()
    explorer.type_target("96.4")
    explorer.until(lambda: "target=0.964" in explorer.browser.current_url)
    link, shown = explorer.browser.current_url, explorer.rows()
    assert any(row["ratio"] for row in shown.values())
    explorer.browser.get("about:blank")
    explorer.browser.get(link)
    explorer.until(lambda: explorer.find("#chart svg"))
    assert explorer.rows() == shown
    assert explorer.browser.current_url == link
    picked = "return ['study', 'mode', 'against', 'target'].map((id) => document.getElementById(id).value)"
    assert explorer.browser.execute_script(picked) == ["tuned_adam", "validation", "0.003/none", "96.4"]
    assert not explorer.find("#log")[0].is_selected()


def test_a_link_to_what_is_not_there_shows_what_is(explorer, explorers):
    explorer.open(explorers["digits"][0], study="none", target="seven", mode="x", depth="99", against="0/0")
    assert explorer.rows().keys() == {
        "keras/3/none",
        "keras/3/batch",
        "canned_estimator/3/none",
        "canned_estimator/3/batch",
    }
    assert explorer.find("#target")[0].get_attribute("value") == "90"


def test_the_line_of_the_target_can_be_dragged(explorer, explorers):
    from selenium.webdriver import ActionChains

    explorer.open(explorers["mnist"][0], study="paper", target=0.95)
    before = explorer.rows()
    place = "const line = document.querySelector('#chart .handle_marks *').getBoundingClientRect();"
    x, y = explorer.browser.execute_script(f"{place} return [line.left + line.width / 2, line.top + line.height / 2]")
    actions = ActionChains(explorer.browser)
    actions.w3c_actions.pointer_action.move_to_location(int(x), round(y))
    actions.click_and_hold().move_by_offset(0, 30).release().perform()
    target = float(explorer.find("#target")[0].get_attribute("value"))
    assert 95.5 < target < 99  # down is to a lower error
    assert target == pytest.approx(round(target, 1))  # as fine as a hand is
    assert explorer.rows() != before


def test_a_curve_under_the_pointer_tells_arm_and_seed(explorer, explorers):
    from selenium.webdriver import ActionChains

    explorer.open(explorers["mnist"][0], study="paper", target=0.5)
    x, y = explorer.browser.execute_script(
        """
        const path = [...document.querySelectorAll("#chart .mark-line path")].at(-1);
        const point = path.getPointAtLength(0.6 * path.getTotalLength()).matrixTransform(path.getScreenCTM());
        return [point.x, point.y];"""
    )
    actions = ActionChains(explorer.browser)
    actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    actions.perform()
    told = explorer.until(lambda: [tip.text for tip in explorer.find("#vg-tooltip-element.visible")])[0]
    assert re.search(r"arm\W+(batch|no) normalization\s+seed\W+1\d\d", told)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window_and_text_stands_out(explorer, explorers, width, scheme):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    explorer.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    explorer.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    try:
        for dataset, name in (("mnist", "initial_weights"), ("digits", "deep"), ("digits", "inception_sigmoid")):
            explorer.open(explorers[dataset][0], study=name)
            assert explorer.browser.execute_script("return document.documentElement.scrollWidth") <= width
            colors = "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
            ink, paper = (
                sum(map(int, re.findall(r"\d+", color)[:3])) for color in explorer.browser.execute_script(colors)
            )
            assert (ink - paper > 500) if scheme == "dark" else (paper - ink > 500)
            label = "return document.querySelector('#chart .role-axis-label text').getAttribute('fill')"
            assert explorer.browser.execute_script(label).strip() == ("#e8e8e8" if scheme == "dark" else "#1a1a1a")
    finally:
        explorer.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        explorer.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_all_can_be_reached_by_keyboard(explorer, explorers):
    from selenium.webdriver.common.keys import Keys

    explorer.open(explorers["digits"][0], study="momentum")
    reached = []
    for _ in range(30):
        explorer.browser.switch_to.active_element.send_keys(Keys.TAB)
        active = explorer.browser.switch_to.active_element
        reached.append(active.get_attribute("id") or active.get_attribute("name") or active.tag_name)
    assert {"study", "mode", "log", "momentum", "target", "slider", "against", "button", "summary"} <= set(reached)
    slider = explorer.find("#slider")[0]
    slider.send_keys(Keys.ARROW_RIGHT)
    assert explorer.find("#target")[0].get_attribute("value") == "90.1"
