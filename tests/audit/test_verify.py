"""`bnrepro verify` on a real pipeline's results: whole, tampered with in every part, and without its runs."""

import json
import os
import re
import shutil

import numpy as np
import pytest

from bnrepro.audit import scratch

pytestmark = pytest.mark.slow


def verify(clone, *options, status=0):
    done = clone.run("bnrepro", "verify", *options, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def differing(output):
    """What is said to differ, with its names."""
    return "".join(re.findall(r"^DIFFERS.*\n(?: .*\n)*", output, re.MULTILINE))


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def a_record(clone, study="depth"):
    return sorted((clone.folder / "data/runs/digits" / study).glob("*/record.json"))[0]


def test_all_runs_and_outputs_of_a_pipeline_are_verified_and_nothing_is_written(clone, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # what Python compiles is not meant
    before = clone.run("git", "status", "--porcelain", "--ignored").stdout
    stored = clone.records()
    output = verify(clone, "--all")
    assert output.count("identical bits") == len(stored) == 8
    for what in ("dvc.lock", "digits tables", "digits figures and report"):
        assert re.search(rf"^ok +{what}: ", output, re.MULTILINE), what
    assert output.endswith("Nothing differs.\n")
    assert clone.records() == stored
    assert clone.run("git", "status", "--porcelain", "--ignored").stdout == before


def test_tables_that_need_the_images_are_made_again(clone):
    """Those of study `deep`, whose layers' Jacobians are taken at images."""
    deep = {"implementation": ["keras"], "normalization": ["batch"], "depth": [3], "activation": ["relu"]}
    deep |= {"skip": ["none"], "learning_rate": [0.1], "hold_out": True}
    clone.params(lambda tree: tree["studies"].update(deep=deep))
    clone.run("dvc", "repro")
    assert (clone.folder / "reports" / "digits" / "tables" / "jacobians.csv").is_file()
    assert re.search(r"^ok +digits tables: ", verify(clone, "--runs", "0"), re.MULTILINE)


def test_a_seed_repeats_the_choice(clone):
    first, again = (verify(clone, "--runs", "2", "--seed", "3") for _ in range(2))
    assert first.startswith("Training 2 runs of each dataset again, by --seed 3.\n")
    assert first.count("identical bits") == 2
    assert sorted(first.splitlines()) == sorted(again.splitlines())


def alter_recorded_curve(clone):
    path = a_record(clone)
    record = json.loads(path.read_text())
    record["curve"]["accuracy"][5] = 0.5
    path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")


def alter_parameters(clone):
    path = a_record(clone).with_name("parameters.npz")
    with np.load(path) as archive:
        arrays = dict(archive)
    next(iter(arrays.values())).flat[0] += np.float32(1e-3)
    np.savez(path, **arrays)


def alter_curve_table(clone):
    path = clone.folder / "reports/digits/tables/curves/depth.csv"
    lines = path.read_text().splitlines(keepends=True)
    lines[7] = re.sub(r"^((?:[^,]*,){7})[^,]*", r"\g<1>0.999", lines[7])
    path.write_text("".join(lines))


def md5_of(clone, path):
    lock = (clone.folder / "dvc.lock").read_text()
    return re.search(rf"path: {path}\n +hash: md5\n +md5: (\S+)", lock)[1]


STYLE, RATE, REPORTS = "src/bnrepro/figures/style.py", "training.digits.learning_rate", "reports/digits"


def replaced(name, old, new):
    return lambda clone: replace(clone.folder / name, old, new)


def without_in_lock(path):
    """Takes out the last item of dvc.lock that is of a file or folder."""

    def alter(clone):
        lock = clone.folder / "dvc.lock"
        *_, item = re.finditer(rf" +- path: {path}\n(?: +(?:hash|md5|size|nfiles): .*\n)+", lock.read_text())
        lock.write_text(lock.read_text()[: item.start()] + lock.read_text()[item.end() :])

    return alter


# What is altered in each clone: part, what alters it, and what has to be named. A clone has what does not hide another.
ALTERED = {
    "runs": [
        ("a recorded curve", alter_recorded_curve, ["data/runs/digits/depth does not match", "its curve"]),
        ("final parameters", alter_parameters, ["its parameters"]),
        (
            "the paper's numbers",
            replaced("data/reference/figure_3.csv", "72.2", "72.3"),
            ["data/reference does not match the lock"],
        ),
        (
            "a parameter in the lock",
            replaced("dvc.lock", f"{RATE}: 0.5", f"{RATE}: 0.6"),
            [f"params.yaml: {RATE} does not match the lock (train@digits-depth"],
        ),
        (
            "code",
            replaced(STYLE, '"lines.linewidth": 1', '"lines.linewidth": 2'),
            ["src/bnrepro/figures does not match", "layers.svg"],
        ),
    ],
    "outputs": [
        ("a committed curve", alter_curve_table, ["reports/digits/tables/curves/depth.csv"]),
        ("a verdict", replaced(f"{REPORTS}/claims.json", '"verdict": "', '"verdict": "x'), [f"{REPORTS}/claims.json"]),
        (
            "a figure",
            replaced(f"{REPORTS}/figures/layers.svg", "</svg>", "<!-- --></svg>"),
            [f"{REPORTS}/figures does not match"],
        ),
        ("a table", replaced(f"{REPORTS}/tables/finals.csv", ",0,", ",00,"), [f"{REPORTS}/tables/finals.csv"]),
        (
            "a command",
            replaced("dvc.lock", "cmd: bnrepro plot", "cmd: true plot"),
            ["its command does not", "(plot@digits)"],
        ),
        ("a dependency", without_in_lock("data/checked"), ["data/checked does not match the lock (fetch@digits)"]),
        (
            "an output",
            without_in_lock(f"{REPORTS}/report.md"),
            [f"{REPORTS}/report.md does not", "(report@digits)"],
        ),
        (
            "an entry",
            replaced("dvc.lock", "prepare@digits:", "prepare@other:"),
            ["params.yaml is not in the lock (prepare@digits)"],
        ),
    ],
    "figures": [
        (
            "a figure",
            replaced(f"{REPORTS}/figures/layers.svg", "</svg>", "<!-- --></svg>"),
            [f"{REPORTS}/figures/layers.svg"],
        ),
        (
            "a figure that is gone",
            lambda clone: (clone.folder / f"{REPORTS}/figures/layers.pdf").unlink(),
            [f"{REPORTS}/figures/layers.pdf"],
        ),
        ("the report", replaced(f"{REPORTS}/report.md", "digits", "digit"), [f"{REPORTS}/report.md"]),
        ("the explorer", replaced(f"{REPORTS}/explorer.html", "<body>", "<body> "), [f"{REPORTS}/explorer.html"]),
        ("metrics", replaced(f"{REPORTS}/metrics.json", "{", "{ "), [f"{REPORTS}/metrics.json"]),
        (
            "a hash in the lock",
            lambda clone: replace(clone.folder / "dvc.lock", md5_of(clone, "data/reference"), "0" * 32 + ".dir"),
            ["data/reference does not match the lock (summarize@digits)"],
        ),
    ],
}


@pytest.mark.parametrize("where", ALTERED)
def test_what_was_tampered_with_is_found_and_named(clone, where):
    for _, alter, _ in ALTERED[where]:
        alter(clone)
    output = verify(clone, *(["--all"] if where == "runs" else ["--runs", "0"]), status=1)
    found = differing(output)
    for part, _, names in ALTERED[where]:
        for name in names:
            assert name in found, f"{part}: {output}"


def test_what_has_its_old_size_and_time_is_read_all_the_same(clone):
    """DVC's own memory of files takes it for the old one."""
    clone.run("dvc", "status")
    path = clone.folder / "data/reference/README.md"
    stamp, content = path.stat(), bytearray(path.read_bytes())
    content[0] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert "up to date" in clone.run("dvc", "status").stdout
    assert "data/reference does not match the lock" in differing(verify(clone, "--runs", "0", status=1))


def test_a_run_of_two_studies_is_compared_with_both(clone):
    """Study `momentum` has two runs of study `depth` and no other."""
    grid = {"implementation": ["keras"], "normalization": ["batch"], "depth": [1], "momentum": [0.99]}
    clone.params(lambda tree: tree["studies"].update(momentum=grid))
    clone.run("dvc", "repro")
    replace(a_record(clone, "momentum"), '"diverged_at": null', '"diverged_at": 100')
    output = verify(clone, "--all", status=1)
    assert output.count("(depth, momentum ") == 2
    assert output.count("identical bits") == 7
    assert "data/runs/digits/momentum: its diverged_at" in differing(output)
    shutil.rmtree(clone.folder / "data/runs")
    table = clone.folder / f"{REPORTS}/tables/curves/momentum.csv"
    *lines, last = table.read_text().splitlines()
    table.write_text("\n".join([*lines, ""]))
    assert f"tables/curves/momentum.csv: lacks {last}" in differing(verify(clone, "--all", status=1))
    # A study that was given up leaves its entry in the lock, which is no difference.
    clone.params(lambda tree: tree["studies"].pop("momentum"))
    clone.run("dvc", "repro")
    assert "train@digits-momentum" in (clone.folder / "dvc.lock").read_text()
    assert verify(clone, "--runs", "0").endswith("Nothing differs.\n")


def test_records_that_are_damaged_or_name_other_libraries_are_found(clone):
    """Libraries are part of its fingerprint, so a record cannot be of others."""
    for path in (clone.folder / "data/runs").rglob("record.json"):
        replace(path, '"numpy": "', '"numpy": "0.')
    path = a_record(clone)
    path.write_text("{")
    found = differing(verify(clone, "--all", status=1))
    assert found.count("data/runs/digits/depth: its versions") == 7
    assert found.count(f"{path}: not a record of a run") == 2


def test_without_git_and_dvc_all_is_checked(clone):
    """As in an unpacked archive."""
    for name in (".git", ".dvc"):
        shutil.rmtree(clone.folder / name)
    assert verify(clone, "--runs", "0").endswith("Nothing differs.\n")


def test_with_other_libraries_records_are_no_difference(clone):
    path = clone.folder / "src/bnrepro/records/fingerprint.py"
    replace(path, "return {name: importlib.metadata.version(name) for", 'return {name: "1.0" for')
    output = verify(clone, "--runs", "1", status=1)  # the file itself is not what the lock has
    assert "not checked  digits runs: 8 records cannot be told from other runs'" in output
    assert output.count("within 0.05 of its test accuracy") == 1
    assert differing(output).count("DIFFERS") == 1


def test_altered_data_are_found_before_anything_is_trained_on_them(clone):
    path = clone.folder / "data/prepared/digits/train_labels.npy"
    labels = np.load(path)
    labels[0] = (labels[0] + 1) % 10
    np.save(path, labels)
    output = verify(clone, status=1)
    assert "data/prepared/digits is not what the tables were made from" in output
    assert "identical" not in output


def test_runs_of_other_code_are_found(clone):
    replace(clone.folder / "src/bnrepro/networks/keras.py", 'metrics=["accuracy"]', "metrics=[]")
    output = verify(clone, "--runs", "0", status=1)
    assert "4 recorded runs are none that params.yaml and this code ask for" in output


EXPLORER = f"{REPORTS}/explorer.html"


@pytest.fixture
def without_runs(clone):
    """As `git clone` leaves it."""
    for name in ("data/runs", "data/prepared", "data/raw", "data/checked", ".bnrepro", ".dvc/cache", EXPLORER):
        path = clone.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return clone


def test_a_clone_without_runs_is_checked_as_far_as_it_goes(without_runs):
    output = verify(without_runs, "--all")
    assert output.count("committed steps of its curve, digit for digit") == 8
    assert re.search("^not checked +digits tables: the runs of depth are not in this clone", output, re.MULTILINE)
    assert re.search("^not checked +dvc.lock: .* not in this clone", output, re.MULTILINE)
    assert output.endswith("Nothing differs. 2 checks could not be made here.\n")
    assert not (without_runs.folder / "data/prepared").exists()
    assert not (without_runs.folder / ".bnrepro/store").exists()


def test_rows_that_are_altered_removed_or_doubled_are_found_without_runs(without_runs):
    """Each of another run."""
    alter_curve_table(without_runs)
    path = without_runs.folder / f"{REPORTS}/tables/curves/depth.csv"
    header, *lines = path.read_text().splitlines(keepends=True)
    removed, doubled = lines[13], lines[23]
    path.write_text("".join([header, *lines[:13], *lines[14:24], doubled, *lines[24:]]))
    found = differing(verify(without_runs, "--all", status=1))
    assert "depth.csv: depth,keras,none,1,0.5,0,70,0.999" in found
    assert f"depth.csv: lacks {removed.strip()}" in found
    assert "depth.csv: has its steps twice" in found


def test_a_relative_mirror_counts_from_the_clone(project, monkeypatch):
    monkeypatch.setenv("BNREPRO_MIRROR", "files https://example.org/mnist")
    with scratch.project():
        assert os.environ["BNREPRO_MIRROR"] == f"{project}/files https://example.org/mnist"
    assert os.environ["BNREPRO_MIRROR"] == "files https://example.org/mnist"


def test_where_no_bits_are_promised_a_tolerance_holds(without_runs):
    """Another kind of processor, as the records would name it."""
    replace(without_runs.folder / "reports/digits/provenance.json", "any x86-64-v3", "AuthenticAMD x86-64-v2")
    output = verify(without_runs, "--runs", "2", status=1)  # the report names the processor too
    assert output.count("within 0.05 of its test accuracy (AuthenticAMD x86-64-v2 then, any x86-64-v3") == 2


def test_a_dataset_without_report_is_none_to_verify(clone):
    shutil.rmtree(clone.folder / "reports")
    done = clone.run("bnrepro", "verify", check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "Error: reports/ has no report: nothing to verify; `dvc repro` makes one\n",
    )
