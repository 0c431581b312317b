"""Figures and report from the committed tables: the committed bytes, and what a reader has to find in them."""

import itertools
import json
import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bnrepro import explorer, paths
from bnrepro.analysis import ratios, tables
from bnrepro.errors import BadInput
from bnrepro.figures import column, generic, iterations_to_target, layout, registry, style
from bnrepro.figures.draw import draw
from bnrepro.figures.selection import Tables
from bnrepro.report.write import write
from bnrepro.study import params

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "reports" / "digits"
REPORTED = sorted(path.parent.name for path in ROOT.glob("reports/*/provenance.json"))


@pytest.fixture
def given(project):
    """A project that has the committed tables and verdicts, the paper's curves, and nothing else."""
    shutil.copytree(ROOT / "data" / "reference", paths.reference())
    shutil.copytree(COMMITTED / "tables", paths.tables("digits"))
    for name in ("provenance.json", "claims.json"):
        shutil.copyfile(COMMITTED / name, paths.reports("digits") / name)
    return params.load()


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("dataset", REPORTED)
def test_tables_alone_give_the_committed_figures_and_report(project, dataset):
    shutil.copytree(ROOT / "data" / "reference", paths.reference())
    folder = COMMITTED.parent / dataset
    shutil.copytree(folder / "tables", paths.tables(dataset))
    for name in ("provenance.json", "claims.json"):
        shutil.copyfile(folder / name, paths.reports(dataset) / name)
    draw(params.load(), dataset)
    write(params.load(), dataset)
    made, committed = content(paths.reports(dataset)), content(folder)
    committed.pop(explorer.NAME, None)  # DVC's, where it has made one
    assert {name for name in committed if made.get(name) != committed[name]} == {"metrics.json"}  # summarize makes it


def test_text_is_text(given):
    draw(given, "digits")
    drawn = (paths.figures("digits") / "iterations_to_target.svg").read_text()
    assert "iterations without / with:</text>" in drawn
    assert "not reached within 3,000</text>" in drawn
    assert b"iterations without" not in (paths.plots("digits") / "iterations_to_target.png").read_bytes()


@pytest.fixture(autouse=True)
def closed():
    """Figures that a test leaves open."""
    yield
    plt.close("all")


def test_arms_differ_in_grey_and_in_shape():
    """Luminance (ITU-R BT.601) of the lines, and markers and dashes beside it."""
    grey = []
    for arm in style.ARMS:
        red, green, blue = (int(arm.color[i : i + 2], 16) for i in (1, 3, 5))
        grey.append((0.299 * red + 0.587 * green + 0.114 * blue) / 255)
    assert min(abs(a - b) for i, a in enumerate(grey) for b in grey[:i]) > 0.15
    assert len({arm.marker for arm in style.ARMS}) == len(style.ARMS)


def test_what_never_arrives_is_a_cross_at_the_budget_and_no_line(given):
    style.apply()
    steps, speedup = (
        tables.at_target("digits", tables.headline(tables.read("digits", name)), 0.9)
        for name in ("steps_to_target", "speedup")
    )
    one = (steps["implementation"] == "keras") & (steps["normalization"] == "none")
    never = set(steps[one & (steps["mode"] == "ema") & (steps["reached"] == 0)]["depth"])
    assert never == {5}
    figure = iterations_to_target.draw(steps, speedup, 0.9, 3000)
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert sorted(y for line in crosses for y in line.get_ydata()) == [3000.0]


@pytest.mark.parametrize(
    ("ratio", "censored", "text"),
    [
        (4.126, "none", "4.1×"),
        (25.4, "lower", "≥25×"),
        (0.053, "upper", "≤0.06×"),
        (11.9, "lower", "≥11×"),
        (9.68, "lower", "≥9.6×"),
        (1.02, "both", "?"),
        (9.96, "none", "10×"),
        (float("nan"), "both", "–"),
    ],
)
def test_ratio_text(ratio, censored, text):
    assert ratios.text(ratio, censored) == text


def test_a_missing_table_is_named(given):
    (paths.tables("digits") / "speedup.csv").unlink()
    with pytest.raises(BadInput, match=r"speedup\.csv: not readable"):
        draw(given, "digits")


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        ("steps_to_target", lambda table: table[table["target"] != 0.9], "the target 0.9 is not in the tables"),
    ],
)
def test_a_damaged_table_is_named(given, name, damage, complaint):
    path = paths.tables("digits") / f"{name}.csv"
    damage(pd.read_csv(path, keep_default_na=False)).to_csv(path, index=False)
    with pytest.raises(BadInput, match=complaint):
        write(given, "digits")


def test_the_budget_is_the_studys_own(given):
    tree = given.model_dump(exclude_none=True)
    tree["studies"]["dropout"]["steps"] = 1500
    selected = Tables(params.Params.model_validate(tree), "digits")
    assert [selected.budget(study) for study in ("dropout", "depth")] == [1500, 3000]


@pytest.mark.parametrize("arm", ["none", "batch"])
def test_one_arm_alone_is_drawn_and_reported(given, arm):
    for name in ("curves/depth", "steps_to_target", "speedup", "speedup_by_target", "final_accuracy"):
        path = paths.tables("digits") / f"{name}.csv"
        table = pd.read_csv(path, keep_default_na=False)
        kept = table["normalization"] == arm
        table[kept & (not name.startswith("speedup"))].to_csv(path, index=False)
    draw(given, "digits")
    write(given, "digits")
    text = (paths.reports("digits") / "report.md").read_text()
    assert "| Keras model | 3 | – |" in text if arm == "batch" else "| – | – | – | – |" in text


def test_the_headline_is_of_batch_normalization_whatever_else_its_study_crosses(given):
    draw(given, "digits")
    write(given, "digits")
    before = (paths.reports("digits") / "report.md").read_text()
    for name in ("steps_to_target", "speedup", "speedup_by_target"):
        path = paths.tables("digits") / f"{name}.csv"
        table = pd.read_csv(path, keep_default_na=False)
        other = table[(table["study"] == "depth") & (table["normalization"] == "batch")]
        other = other.assign(normalization="layer", **({"ratio": 99.0} if "ratio" in other else {}))
        pd.concat([other, table]).to_csv(path, index=False)
    figure = (paths.figures("digits") / "speedup_by_target.svg").read_text()
    draw(given, "digits")
    write(given, "digits")
    assert (paths.figures("digits") / "speedup_by_target.svg").read_text() == figure
    assert (paths.reports("digits") / "report.md").read_text() == before


@pytest.mark.parametrize("study", ["learning_rate", "momentum", "updates"])
def test_a_study_of_which_no_run_came_to_an_evaluation_has_no_figure(given, study):
    for path in paths.tables("digits").glob(f"*/{study}.csv"):
        table = pd.read_csv(path, keep_default_na=False)
        table[table["study"] != study].to_csv(path, index=False)
    draw(given, "digits")
    drawn = {path.stem for path in paths.plots("digits").iterdir()}
    lost = {"momentum": {"moving_averages"}, "updates": {"moving_averages"}}
    lost["learning_rate"] = {"learning_rate", "best_against_best"}
    assert {path.stem for path in (COMMITTED / "plots").iterdir()} - drawn == lost.get(study, {study})


def test_a_report_without_figures_says_so_and_writes_nothing(given):
    with pytest.raises(BadInput, match=r"iterations_to_target\.svg: not readable; run `bnrepro plot digits`"):
        write(given, "digits")
    assert not (paths.reports("digits") / "report.md").exists()


def test_the_report_states_the_learning_rate_that_ran(given):
    draw(given, "digits")
    for name in ("curves/depth", "steps_to_target", "speedup", "final_accuracy"):
        path = paths.tables("digits") / f"{name}.csv"
        pd.read_csv(path, keep_default_na=False).assign(learning_rate=0.25).to_csv(path, index=False)
    write(given, "digits")
    assert "at a learning rate of 0.25" in (paths.reports("digits") / "report.md").read_text()


def test_a_verdict_that_is_not_tested_says_why(given):
    draw(given, "digits")
    path = paths.claims("digits")
    entries = json.loads(path.read_text(encoding="utf-8"))
    entries[0]["stated"] |= {
        "verdict": "not tested",
        "parts": [],
        "independent": 0,
        "reason": "study depth has no runs",
    }
    path.write_text(json.dumps(entries), encoding="utf-8")
    write(given, "digits")
    assert "*Not tested as stated:* study depth has no runs." in (paths.reports("digits") / "report.md").read_text()


@pytest.mark.parametrize("damage", ["{", "[{}]", '{"a": 1}', "[1]"])
def test_damaged_claims_are_named(given, damage):
    draw(given, "digits")
    paths.claims("digits").write_text(damage, encoding="utf-8")
    with pytest.raises(BadInput, match=r"claims\.json: "):
        write(given, "digits")


def test_a_study_without_runs_is_nothing_to_draw(given):
    path = paths.tables("digits") / "curves" / "depth.csv"
    pd.read_csv(path).head(0).to_csv(path, index=False)
    with pytest.raises(BadInput, match=r"no run of studies\.depth on digits came to an evaluation"):
        draw(given, "digits")


# --- a study without a figure of its own ------------------------------------------------------------------------------


def a_study(**factors):
    """Rows of steps_to_target.csv for every combination of these values; a factor that it lacks has one."""
    usual = {"implementation": ["keras"], "normalization": ["none", "batch"], "depth": [3], "learning_rate": [0.1]}
    factors = {"study": ["mine"], **usual, **factors}
    table = pd.DataFrame(itertools.product(*factors.values()), columns=list(factors))
    measured = {"mode": "ema", "target": 0.9, "runs": 3, "reached": 3, "at_first": 0, "diverged": 0}
    return table.assign(**measured, mean_restricted_steps=300.0, low=200.0, high=400.0)


def its_curves(steps):
    """Curves of the same networks: two seeds, three evaluations."""
    curves = steps[[name for name in steps if name not in ("mode", "target", "reached")]]
    curves = curves.merge(pd.DataFrame({"step": [100, 200, 1000]}), how="cross")
    return curves.merge(pd.DataFrame({"seed": [0, 1]}), how="cross").assign(accuracy=0.5)


def test_numbers_stand_along_the_axis_and_words_have_rows():
    plan = layout.of(
        a_study(noise=["none", "steady"], dropout=[0.5, 0.0, 0.2], implementation=["keras", "core_estimator"])
    )
    assert (plan.across, plan.values, plan.scale) == ("dropout", [0.0, 0.2, 0.5], "linear")
    assert (plan.down, plan.rows) == ("noise", ["none", "steady"])
    assert plan.fixed == {"implementation": "keras"}


@pytest.mark.parametrize(
    ("factor", "values", "scale"),
    [
        ("learning_rate", [0.1, 0.3, 1.0], "log"),
        ("depth", [1, 3, 5], "linear"),
        ("momentum", [0.0, 0.9, 0.99, 0.999], "side by side"),  # the last two would touch
        ("pixels", ["grey", "binary"], "side by side"),
    ],
)
def test_the_axis_fits_the_values(factor, values, scale):
    plan = layout.of(a_study(**{factor: values}))
    assert (plan.across, plan.scale) == (factor, scale)
    assert list(plan.places) == values
    assert len(set(plan.places.values())) == len(values)


def test_what_another_factor_decides_is_not_crossed():
    table = a_study(normalization=["none", "self"], dropout=[0.0, 0.5])
    table["activation"] = table["normalization"].map({"none": "sigmoid", "self": "selu"})
    assert layout.crossed(table) == ["dropout"]


def test_rows_of_panels_have_an_end():
    plan = layout.of(a_study(learning_rate=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], depth=[1, 2, 3, 4, 5, 6, 7]))
    assert (plan.rows, plan.left_out) == ([1, 2, 3, 4, 5], [6, 7])


def test_where_a_factor_does_not_apply_the_network_is_a_line_across():
    style.apply()
    steps = a_study(momentum=[0.9, 0.99])
    steps.loc[steps["normalization"] == "none", "momentum"] = float("nan")
    figure = generic.draw(its_curves(steps), steps, 0.9, 1000)
    across = [line for line in figure.axes[-1].lines if list(line.get_ydata()) == [300.0, 300.0]]
    assert style.WITHOUT in {line.get_color() for line in across}
    without, with_it = figure.axes[:2]
    assert (len(without.lines), len(with_it.lines)) == (1 + 1, 2 + 1)  # and the target


@pytest.mark.parametrize("depths", [[3], [3, 5]])
def test_words_have_room(depths):
    """Long names along the axis, in the legend and beside rows: inside the figure, and none on another."""
    style.apply()
    implementation = ["keras", "canned_estimator", "keras_estimator", "core_estimator"]
    steps = a_study(implementation=implementation, depth=depths, normalization=["none", "batch", "layer", "self"])
    figure = generic.draw(its_curves(steps), steps, 0.9, 1000)
    figure.canvas.draw()
    texts = [text for ax in figure.axes for text in (ax.title, ax.yaxis.label)]
    texts += figure.axes[-1].get_xticklabels()
    words = [text.get_window_extent() for text in texts]
    words += [text.get_window_extent() for legend in figure.legends for text in legend.get_texts()]
    words = [box for box in words if box.width and box.height]
    assert all(figure.bbox.containsx(edge) for box in words for edge in (box.x0, box.x1))
    assert not [(a, b) for a, b in itertools.combinations(words, 2) if a.overlaps(b)]


def test_a_study_of_ones_own_is_drawn_and_reported_without_code(given):
    """Study `momentum` under another name; its own figure no longer knows it."""
    tree = given.model_dump()
    tree["studies"]["mine"] = tree["studies"].pop("momentum")
    for path in [*paths.tables("digits").glob("*.csv"), paths.provenance("digits")]:
        path.write_text(path.read_text().replace("\nmomentum,", "\nmine,").replace('"momentum": {', '"mine": {'))
    curves = paths.tables("digits") / "curves"
    (curves / "mine.csv").write_text((curves / "momentum.csv").read_text().replace("\nmomentum,", "\nmine,"))
    changed = params.Params.model_validate(tree)
    draw(changed, "digits")
    write(changed, "digits")
    drawn = {path.stem for path in paths.figures("digits").glob("*.svg")}
    assert "study_mine" in drawn
    assert "moving_averages" not in drawn
    of_a_page = {name for name in drawn if not name.endswith(column.SUFFIX)}
    assert {path.stem for path in paths.plots("digits").iterdir()} == of_a_page < drawn
    text = (paths.reports("digits") / "report.md").read_text().partition("\n### Study mine\n")[2].partition("\n## ")[0]
    assert "](figures/study_mine.svg)" in text
    rows = [line for line in text.splitlines() if line.startswith("| 0")]
    assert len(rows) == 4  # momentums


def test_no_figure_is_shown_twice():
    """A committed study has a figure of its own or a generic one."""
    for folder in COMMITTED.parent.iterdir():
        drawn = [registry.find(path.stem) for path in (folder / "figures").glob("*.svg")]
        own = {study for entry in drawn if not entry.name.startswith(generic.PREFIX) for study in entry.studies}
        assert own.isdisjoint(
            study for entry in drawn if entry.name.startswith(generic.PREFIX) for study in entry.studies
        )


def test_an_svg_has_every_point_to_a_tenth(tmp_path):
    style.apply()
    figure, ax = style.plt.subplots()
    steps = list(range(200))
    (line,) = ax.plot(steps, np.random.default_rng(0).random(200))
    style.save(figure, "rough", {}, tmp_path)
    wanted = line.get_transform().transform(line.get_xydata()) * 72 / figure.dpi
    wanted[:, 1] = 72 * figure.get_figheight() - wanted[:, 1]
    svg = (tmp_path / "rough.svg").read_text()
    longest = max(re.findall(r' d="M([^MQCz"]*)"', svg), key=len)
    moves = np.reshape([float(number) for number in re.findall(r"-?[\d.]+", longest)], (-1, 2))
    apart = np.abs(np.cumsum(moves, axis=0)[:, np.newaxis] - wanted).max(axis=-1)
    assert apart.min(axis=0).max() < 0.051
