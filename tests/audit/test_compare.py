"""`bnrepro compare`: tables of two revisions of a real repository, two settings of a study, and the page of either."""

import json
import re
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from bnrepro.analysis import ratios, tables
from bnrepro.audit.comparison import page, parts, revisions, settings
from bnrepro.audit.comparison.parts import Overlay, Table
from bnrepro.cli import main
from bnrepro.errors import BadInput
from bnrepro.report import wording
from bnrepro.study import params
from tests import pipeline

SERIES = "study depth: Keras model, no normalization, depth 1, learning rate 0.5, moving averages"
TABLES = pipeline.ROOT / "reports" / "digits" / "tables"


# --- two revisions ----------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(project):
    """A project whose first commit has the committed tables of digits, and whose second has other iterations."""
    clone = pipeline.Clone(project)
    clone.run("git", "init", "--quiet")
    folder = project / "reports" / "digits" / "tables"
    for name in ("steps_to_target.csv", "speedup.csv", "curves/depth.csv", "curves/momentum.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TABLES / name, folder / name)
    clone.commit("Before")
    clone.run("git", "tag", "before")
    lines = (folder / "steps_to_target.csv").read_text().splitlines(keepends=True)
    header, first = lines[0].rstrip().split(","), lines[1].rstrip().split(",")
    first[header.index("mean_restricted_steps")] = "1234"
    (folder / "steps_to_target.csv").write_text("".join([lines[0], ",".join(first) + "\n", *lines[2:]]))
    return clone


def compare(dataset, target, before, after, study):
    return parts.markdown(revisions.of(dataset, before, after, study).tables(target))


def test_a_series_that_differs_is_told_with_both_values_and_all_others_are_counted(repository):
    found = compare("digits", 0.9, "before", None, None)
    (line,) = (line for line in found.splitlines() if line.startswith("| study"))
    assert line.startswith(f"| {SERIES} | ")
    before, after = line.strip("| ").split(" | ")[1:]
    assert after.startswith("1,234 (")
    assert not before.startswith("1,234")
    assert "times fewer iterations to 90%, digits:" in found
    repository.commit("After")
    assert compare("digits", 0.9, "before", "HEAD", "depth").count("| study") == 1
    assert compare("digits", 0.95, "before", "HEAD", None).count("| study") == 0
    assert compare("digits", 0.9, "HEAD", None, None).count("| study") == 0


def test_an_experiment_of_dvc_is_found_by_its_name(repository):
    """It is a commit that no branch has."""
    repository.commit("After")
    commit = repository.run("git", "rev-parse", "HEAD").stdout.strip()
    repository.run("git", "update-ref", f"refs/exps/{commit[:2]}/{commit[2:]}/ready-made", commit)
    assert SERIES in compare("digits", 0.9, "before", "ready-made", None)


@pytest.mark.parametrize(
    ("dataset", "revision", "study", "said"),
    [
        ("digits", "nowhere", None, "nowhere: no commit of git's, and no experiment"),
        ("digits", "--all", None, "--all: no commit"),
        ("mnist", "before", None, "has no readable reports/mnist/tables/steps_to_target.csv"),
        ("digits", "before", "nothing", "has no study nothing on digits"),
    ],
)
def test_what_is_not_there_is_refused_in_a_line(repository, dataset, revision, study, said):
    with pytest.raises(BadInput, match=said):
        compare(dataset, 0.9, revision, None, study)


def test_curves_that_differ_are_found_with_the_runs_of_both(repository):
    """A run that differs at one step, a study that one revision lacks; equal curves are none of it."""
    folder = repository.folder / "reports" / "digits" / "tables" / "curves"
    curves = pd.read_csv(folder / "depth.csv")
    chosen = (curves["implementation"] == "keras") & (curves["normalization"] == "none") & (curves["depth"] == 1)
    curves.loc[chosen.idxmax(), "accuracy"] = 0.75
    curves.to_csv(folder / "depth.csv", index=False)
    (folder / "momentum.csv").unlink()
    found = revisions.of("digits", "before", None, None).overlays()
    (changed,) = (one for one in found if one.name.startswith("study depth"))
    assert changed.name == SERIES.removesuffix(", moving averages")
    assert changed.before.shape == changed.after.shape
    assert changed.after.loc[5, 200] == 0.75
    assert (changed.before != changed.after).sum().sum() == 1
    gone = [one for one in found if one.name.startswith("study momentum")]
    assert len(gone) == 4
    assert all(one.after is None for one in gone)
    assert len(found) == 5


def test_damaged_curves_are_refused(repository):
    curves = repository.folder / "reports" / "digits" / "tables" / "curves" / "depth.csv"
    curves.write_text(curves.read_text().replace("0.096", "much"))
    with pytest.raises(BadInput, match="curves of study depth: not readable"):
        revisions.of("digits", "before", None, None).overlays()


# --- two settings -----------------------------------------------------------------------------------------------------


@pytest.fixture
def digits(monkeypatch):
    """Compares two settings of a study of the committed tables."""
    monkeypatch.chdir(pipeline.ROOT)
    return lambda study, before, after: settings.of(params.load(), "digits", study, before, after)


@pytest.mark.parametrize("target", [0.9, 0.97])
def test_iterations_and_ratios_of_settings_are_those_of_the_tables(digits, target):
    (table,) = digits("learning_rate", "normalization=none", "normalization=batch").tables(target)
    assert table.heads[1:3] == ["no normalization", "batch normalization"]
    steps, speedup = (
        tables.rows(tables.read("digits", name), study="learning_rate", target=target)
        for name in ("steps_to_target", "speedup")
    )
    assert len(table.rows) == 2 * steps["learning_rate"].nunique()
    for name, *told, ratio in table.rows:
        at = {"learning_rate": float(re.findall(r"learning rate ([0-9.]+)", name)[0])}
        at["mode"] = "ema" if name.endswith("moving averages") else "population"
        rows = (tables.row(steps, normalization=normalization, **at) for normalization in ("none", "batch"))
        assert told == [wording.steps(row) for row in rows]
        row = tables.row(speedup, **at)
        assert ratio.split(" (")[0] == ratios.text(row["ratio"], row["censored"])


def test_the_interval_of_settings_is_that_of_the_rules(digits):
    """Of the claim that compares the same networks, whose bounds count, too."""
    claims = json.loads((pipeline.ROOT / "reports" / "digits" / "claims.json").read_text(encoding="utf-8"))
    compared = next(claim for claim in claims if claim["id"] == "fewer-iterations")["stated"]["parts"]
    found = digits("depth", "normalization=none", "normalization=batch")
    words = {"keras": "Keras model", "canned_estimator": "canned estimator"}
    checked = 0
    for part in compared:
        at = part["at"]
        name = f"study depth: {words[at['implementation']]}, depth {at['depth']}, moving averages"
        (told,) = (row[-1] for row in found.tables(at["target"])[0].rows if row[0] == name)
        ends = [part["low"] or None, part["high"]]
        numbers = [float(number) for number in re.findall(r"[0-9.]+", told.partition("(")[2])]
        assert numbers == pytest.approx([end for end in ends if end], rel=0.1), (at, told)  # of two digits
        checked += len(numbers)
    assert checked >= 6


def test_runs_are_paired_by_what_neither_setting_names(digits):
    """A network without normalization has no momentum, and is none the less one of the pair."""
    found = digits("depth", "normalization=none,depth=3", "normalization=batch,depth=5")
    assert [pair.name for pair in found.pairs] == [
        "study depth: Keras model",
        "study depth: canned estimator",
        "study depth: estimator, Keras layers",
        "study depth: estimator, core TensorFlow",
    ]
    assert found.names == ("no normalization, depth 3", "batch normalization, depth 5")
    seeds = [list(curves.columns) for one in found.overlays() for curves in (one.before, one.after)]
    assert seeds[:2] == [[200, 201, 202]] * 2
    (table,) = found.tables(0.9)
    assert table.rows[2][-1] == "3.7×"  # 1,015 over 275 of the one seed, which has no interval


def test_a_number_may_be_written_otherwise(digits):
    one, other = (digits("learning_rate", "learning_rate=5e-1", f"learning_rate={rate}") for rate in ("5", "5.0"))
    assert one.names == other.names == ("learning rate 0.5", "learning rate 5")


@pytest.mark.parametrize(
    ("study", "before", "after", "said"),
    [
        (None, "depth=1", "depth=3", "two settings of one study are compared: --study"),
        ("depth", "depth=1", None, "two settings of one study are compared"),
        ("depth", "HEAD", "depth=3", "two settings of one study are compared"),
        ("nothing", "depth=1", "depth=3", "the working tree has no study nothing on digits"),
        ("depth", "depth=1", "depth=4", "depth=4: study depth has runs with .*depth=1 or 3 or 5"),
        ("depth", "depth=1", "momentum=0.9", "momentum=0.9: study depth has runs with implementation=keras or "),
        ("inception_sigmoid", "depth=1", "depth=3", "depth=1: study inception_sigmoid has runs with one setting alone"),
        ("depth", "depth=1", "normalization=none", "name a value of it in both settings"),
        ("updates", "updates=run", "implementation=canned_estimator", "implementation=canned_estimator: study updates"),
    ],
)
def test_what_is_no_setting_is_refused_in_a_line(digits, study, before, after, said):
    with pytest.raises(BadInput, match=said):
        digits(study, before, after)


# --- the page ---------------------------------------------------------------------------------------------------------


def curves(*accuracies, steps=(10, 20)):
    """Of seeds 0, 1 and so on: the test accuracies at these steps."""
    return pd.DataFrame(dict(enumerate(accuracies)), index=list(steps), dtype=float)


def drawn(text):
    """What the page's script finds, and the captions of its panels."""
    data = json.loads(re.findall(r'<script type="application/json" id="data">(.*)</script>', text)[0])
    return data, re.findall(r"<figcaption>(.*?)<br>", text)


def test_what_differs_most_is_drawn_first_and_what_is_not_drawn_is_named():
    overlays = [Overlay(f"a{place}", curves([0.5, 0.9]), curves([0.5, 0.9 - 0.01 * place])) for place in range(1, 14)]
    text = page.page("digits", ("x", "now"), [], [Overlay("alone", curves([0.5, 0.9]), None), *overlays])
    data, captions = drawn(text)
    assert captions == [f"a{place}" for place in range(13, 1, -1)]
    assert len(data["panels"]) == len(captions) == page.MOST_PANELS
    assert re.findall(r"<li>(\w+): (.*?)</li>", text) == [
        ("a1", "errors differ by a factor of 1.05 on average"),
        ("alone", "only in x"),
    ]
    assert "2 more series differ and are not drawn" in text


def test_a_panel_has_mean_and_range_until_a_run_diverges_and_no_error_of_0():
    data, _ = drawn(
        page.page(
            "digits", ("x", "y"), [], [Overlay("a", curves([0.5, 1.0], [0.7, 0.9]), curves([0.5, None], [0.5, 0.6]))]
        )
    )
    (panel,) = data["panels"]
    assert panel["points"] == [
        {"side": "before", "step": 10, "error": 0.4, "low": 0.3, "high": 0.5},
        {"side": "before", "step": 20, "error": 0.075, "low": 0.05, "high": 0.1},  # half of the smallest stands for 0
        {"side": "after", "step": 10, "error": 0.5, "low": 0.5, "high": 0.5},
    ]
    assert panel["range"] == pytest.approx([0.05, 0.5])


def test_curves_without_a_step_in_common_are_drawn():
    overlay = Overlay("a", curves([0.5, 0.9]), curves([0.5, 0.9], steps=(15, 25)))
    text = page.page("digits", ("x", "y"), [], [overlay])
    assert "no step in common" in text
    assert len(drawn(text)[0]["panels"][0]["points"]) == 4


def test_runs_that_diverged_before_an_evaluation_are_drawn_as_nothing():
    text = page.page("digits", ("x", "y"), [], [Overlay("a", curves([None, None]), curves([None, None]))])
    assert drawn(text)[0]["panels"][0]["points"] == []


def test_what_files_say_is_text_on_the_page():
    evil = '</script><img src=x onerror="alert(1)">'
    text = page.page(
        evil, (evil, evil), [Table([evil] * 3, [[evil] * 3], evil)], [Overlay(evil, curves([0.5, 0.9]), None)]
    )
    own = text.partition('<script type="module">')[0]  # the library has such texts of its own
    assert own.count("img src=x") == own.count("&lt;img src=x") + own.count("u003cimg src=x")
    assert own.count("&lt;img src=x") >= 8
    assert drawn(text)[0]["names"] == [evil, evil]


def test_the_command_writes_the_same_page_for_either_kind_of_comparison(repository):
    """Twice the same bytes; in the table and in the panels what both revisions have."""
    runs = repository.folder / "reports" / "digits" / "tables" / "curves" / "depth.csv"
    runs.write_text(runs.read_text().replace("depth,keras,none,1,0.5,200,5,0.096", "depth,keras,none,1,0.5,200,5,0.5"))
    shutil.copytree(TABLES / "first_steps", runs.parents[1] / "first_steps")
    kinds = {"revisions": ["before"], "settings": ["--study", "momentum", "momentum=0.9", "momentum=0.99"]}
    for kind, words in kinds.items():
        written = []
        for name in (f"{kind}.html", f"more/{kind}.html"):
            done = CliRunner().invoke(main, ["compare", *words, "--page", name])
            assert done.exit_code == 0, done.output
            assert done.stdout.startswith("| iterations to 90%, digits |")
            written.append((repository.folder / name).read_bytes())
        assert written[0] == written[1]
        text = written[0].decode()
        data, (caption,) = drawn(text)
        assert caption == (SERIES.removesuffix(", moving averages") if kind == "revisions" else "study momentum")
        (panel,) = data["panels"]
        assert {point["side"] for point in panel["points"]} == {"before", "after"}
        assert ("1,234 (" in text) == (kind == "revisions")
