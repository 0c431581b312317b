"""`bnrepro cite`, and what figures say of themselves."""

import json
import re
import subprocess

import pytest

from bnrepro.audit import cite as module
from bnrepro.errors import BadInput
from bnrepro.figures import origin, registry
from tests import pipeline

REPORTS = pipeline.ROOT / "reports"
COMMITTED = sorted(path for folder in ("figures", "plots") for path in REPORTS.glob(f"*/{folder}/*.*"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: str(path.relative_to(REPORTS)))
def test_a_committed_figure_names_what_it_was_made_from(path):
    made_from = origin.read(path)
    dataset = path.relative_to(REPORTS).parts[0]
    provenance = json.loads((REPORTS / dataset / "provenance.json").read_text())
    for key in ("bnrepro", "dataset", "data_digest", "source_digest"):
        assert made_from[key] == provenance[key]
    assert set(made_from["studies"]) == set(registry.find(path.stem).studies) & set(provenance["studies"])
    for study, values in made_from["studies"].items():
        assert values == provenance["studies"][study]
        assert values["records"] > 0


@pytest.mark.parametrize("kind", origin.FORMATS)
@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\x89PNG\r\n\x1a\n", b"<svg></svg>", b"%PDF /Subject ([1]) ", b"/Subject ({"),
        *(b"<dc:description>{}</dc:description>", b'/Subject ({"bnrepro": "<b>"})'),
    ],
)
def test_what_does_not_name_its_origin_is_refused(tmp_path, kind, content):
    path = tmp_path / f"layers.{kind}"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="not a figure that names its origin"):
        origin.read(path)


def test_the_commit_is_found_where_git_shows_signatures(project, tmp_path_factory):
    """Whoever signs commits may have git verify them in every log."""
    keys, clone = tmp_path_factory.mktemp("keys"), pipeline.Clone(project)
    clone.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / "key"))
    (keys / "signers").write_text(f"test@example.org {(keys / 'key.pub').read_text()}")
    settings = {
        "user.name": "Test",
        "user.email": "test@example.org",
        "gpg.format": "ssh",
        "gpg.ssh.allowedSignersFile": keys / "signers",
        "user.signingKey": keys / "key.pub",
        "log.showSignature": "true",
    }
    clone.run("git", "init", "--quiet")
    for key, value in settings.items():
        clone.run("git", "config", key, str(value))
    clone.run("git", "add", "--all")
    clone.run("git", "commit", "--quiet", "--gpg-sign", "--message", "Signed")
    assert "Good" in clone.run("git", "log").stdout
    commit, _ = module._commit_of(project / "params.yaml")
    assert commit == clone.run("git", "rev-parse", "HEAD").stdout.strip()


def cite(clone, figure, status=0):
    done = clone.run("bnrepro", "cite", figure, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    if status:
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        return done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["reports/digits/plots/iterations_to_target.png", "digits/layers"])
def test_a_citation_names_caption_command_commit_and_both_works(clone, figure):
    (clone.folder / "README.md").write_text("Changed after the figure.\n")
    made = clone.run("git", "rev-parse", "HEAD").stdout.strip()
    clone.commit("A later commit")
    text = cite(clone, figure)
    name = re.split(r"[/.]", figure.removesuffix(".png"))[-1]
    entry = registry.find(name)
    data = f"Data: digits; 8 runs of study depth, of 2 seeds; bnrepro 0.1.0, commit {made[:12]}."
    assert text.startswith(f"{entry.caption}. {entry.legend} {data}")
    assert f"git checkout {made}\n    make reproduce" in text
    assert re.findall(r"^@(\w+){(\w+),$", text, re.MULTILINE) == [
        ("software", "bnrepro"),
        ("inproceedings", "ioffe2015batch"),
    ]
    assert f"note = {{commit {made}}}" in text
    assert "author = {Ioffe, Sergey and Szegedy, Christian}" in text


@pytest.mark.slow
def test_the_authors_and_references_of_a_fork_are_cited(clone):
    path = clone.folder / "CITATION.cff"
    group = '  - name: "The bnrepro authors"\n'
    person = "  - family-names: Noether & Co\n    given-names: Emmy\n"
    path.write_text(path.read_text().replace(group, group + person) + "  - type: article\n    title: Another\n")
    clone.commit("A fork")
    text = cite(clone, "layers")
    assert "author = {{The bnrepro authors} and Noether \\& Co, Emmy}" in text
    assert text.count("\n@") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("references:", "related:", "lacks what BibTeX needs"),
        ("version: 0.1.0\n", "", "lacks what BibTeX needs"),
        ("        given-names: Sergey\n", "", "lacks what BibTeX needs"),
        ("authors:", "authors: [", "not readable"),
    ],
)
def test_a_citation_file_that_cannot_be_cited_is_told_in_a_line(clone, old, new, said):
    path = clone.folder / "CITATION.cff"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    clone.commit("Another citation")
    assert f"CITATION.cff: {said}" in cite(clone, "layers", status=2)


@pytest.mark.slow
def test_a_dataset_of_ones_own_is_cited_and_one_that_is_gone_is_refused(clone):
    data = clone.folder / "src" / "bnrepro" / "data"
    (data / "again.py").write_text(
        "from dataclasses import replace\n\nfrom bnrepro.data.digits import DIGITS\n\n"
        'AGAIN = replace(DIGITS, name="again", title="Digits & more", make="")\n'
    )
    registry = data / "registry.py"
    before = registry.read_text()
    listed = before.replace("FASHION_MNIST)}", "FASHION_MNIST, AGAIN)}")
    assert listed != before
    registry.write_text(
        listed.replace("import FASHION_MNIST\n", "import FASHION_MNIST\nfrom bnrepro.data.again import AGAIN\n")
    )

    def change(tree):
        tree["datasets"] = ["again"]
        for section in ("data", "training"):
            tree[section]["again"] = tree[section]["digits"]

    clone.params(change)
    clone.run("dvc", "repro")
    clone.commit("A dataset")
    text = cite(clone, "again/layers")
    assert "Data: Digits & more; 8 runs of study depth, of 2 seeds;" in text
    assert "    dvc exp run -S 'datasets=[again]'\n" in text

    registry.write_text(before)
    clone.params(
        lambda tree: [tree.update(datasets=["digits"]), tree["data"].pop("again"), tree["training"].pop("again")]
    )
    clone.commit("Without it")
    said = cite(clone, "reports/again/figures/layers.svg", status=2)
    assert "again is no dataset that src/bnrepro/data/registry.py lists: digits" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("src/bnrepro/figures/style.py", "the tree has changes that no commit has (src/bnrepro/figures/style.py)"),
        ("params.yaml", "the tree has changes that no commit has (params.yaml)"),
        ("src/bnrepro/new.py", "the tree has changes that no commit has (src/bnrepro/new.py)"),
    ],
)
def test_a_dirty_tree_cites_nothing(clone, file, reason):
    clone.run("git", "config", "status.showUntrackedFiles", "no")  # as some have it
    with (clone.folder / file).open("a") as changed:
        changed.write("# more\n")
    assert reason in cite(clone, "layers", status=1)


@pytest.mark.slow
def test_a_figure_that_its_commit_did_not_make_is_refused(clone):
    path = clone.folder / "reports/digits/figures/layers.svg"
    path.write_text(path.read_text().replace("</svg>", "<!-- retouched --></svg>"))
    clone.commit("A better figure")
    assert "layers.svg is not what commit" in cite(clone, "layers", status=1)


@pytest.mark.slow
def test_a_figure_of_another_table_is_refused(clone):
    table = clone.folder / "reports/digits/tables/layers/depth.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-40]))
    clone.run("bnrepro", "plot", "digits")
    clone.run("git", "checkout", "reports/digits/tables")
    clone.commit("Drawn from something else")
    assert "layers.svg is not what commit" in cite(clone, "layers", status=1)


@pytest.mark.slow
def test_what_is_no_figure_of_this_clone_is_refused(clone, tmp_path):
    assert "there is no such figure; known names: accuracy_vs_iterations" in cite(clone, "figure_9", status=2)
    assert "there is no such figure" in cite(clone, "mnist/layers", status=2)
    (tmp_path / "layers.svg").write_text("<svg></svg>")
    assert "not a figure of this clone" in cite(clone, str(tmp_path / "layers.svg"), status=2)


@pytest.mark.slow
def test_without_the_history_nothing_is_cited(clone, tmp_path):
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", f"file://{clone.folder}", str(tmp_path / "shallow")], check=True
    )
    assert "git fetch --unshallow" in cite(pipeline.Clone(tmp_path / "shallow"), "layers", status=1)
