"""What the files and folders of an archive are, in a few words."""

from pathlib import PurePosixPath

WORKFLOW = "dvc.yaml"
PARAMS = "params.yaml"
LOCK = "requirements.lock"
NEEDED = ("README.md", WORKFLOW, PARAMS, LOCK, "pyproject.toml")  # what metadata refer to

# Of the repository's root, and of what is looked up below it; what is not listed has its name alone.
_ABOUT = {
    ".ci/": "What continuous integration runs.",
    ".devcontainer/": "How an editor opens the project in the container.",
    ".dockerignore": "What the container's image does not hold.",
    ".dvc/": "DVC's configuration, and the templates of its charts.",
    ".dvcignore": "What DVC does not look at.",
    ".gitattributes": "How git treats files.",
    ".github/": "GitHub's call of continuous integration.",
    ".gitignore": "What git does not track.",
    ".zenodo.json": "What Zenodo is told, from CITATION.cff.",
    "CHANGELOG.md": "What has changed, for users.",
    "CITATION.cff": "How to cite this software and the paper that it replicates.",
    "CONTRIBUTING.md": "How to change this project: tests, style, claims, figures, the committed results.",
    "Dockerfile": "An image with the environment.",
    "LICENSE": "The license of this software.",
    "Makefile": "`make reproduce` builds the environment and runs the pipeline.",
    "README.md": "What was found, and how to run it.",
    "benchmarks/": "What is fast and what it costs, with the code that measures it.",
    "surveys/": "Many runs at settings and seeds beyond the reports', with the code that trains them.",
    "codemeta.json": "What catalogs of software are told, from CITATION.cff.",
    "data/": "The paper's own results as numbers.",
    "data/reference/": "The curves of the paper's figures as numbers, and how they were read off.",
    "docs/": "The findings, the protocol of the verdicts, a one-page summary, and how everything works.",
    "dvc.lock": "What DVC knows of each stage: the digests of its code, parameters, inputs and outputs.",
    "dvc.yaml": "The pipeline: fetch, prepare, train, summarize, plot and report, as stages of DVC.",
    "environment.sh": "Makes the environment from requirements.lock.",
    "params.quick.yaml": "The parameters of `make quick`.",
    "params.yaml": "Everything that decides a result, each value with its reason.",
    "pyproject.toml": "The package, and what it depends on.",
    "reports/": "The results, by dataset.",
    "requirements-gpu.lock": "CUDA's libraries, by version and digest.",
    "requirements.lock": "Every package of the environment, by version and digest.",
    "rubric.json": "Every claim with its source, its rules, and for each dataset the verdict, the comparisons that it "
    "rests on, and the files that show them. The shape is that of PaperBench's rubrics.",
    "src/": "The code: networks, training, measurement, analysis, claims, figures, report.",
    "tests/": "The tests.",
}
_OF_REPORTS = {
    "": "The results on this dataset.",
    "claims.json": "The verdicts, each with its rule, its digest and its comparisons.",
    "figures/": "The figures, as SVG and PDF, for a page and some for a column.",
    "metrics.json": "The numbers that DVC shows.",
    "plots/": "The figures as PNG, which DVC shows.",
    "provenance.json": "What the tables were made from: digests of runs, data and code, versions and parameters.",
    "report.html": "The report, as one page.",
    "report.md": "The report, for GitHub.",
    "tables/": "The tables that figures, verdicts and report are made from, as CSV.",
}
_FORMATS = {
    ".cff": "application/yaml",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npy": "application/octet-stream",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
}


def about(name: str) -> str:
    """What a file, or a folder (its name ends with `/`), holds; empty where nothing is said of it."""
    top, _, rest = name.partition("/")
    within = rest.partition("/")[2] if top == "reports" and rest else None
    return _ABOUT.get(name, "") if within is None else _OF_REPORTS.get(within, "")


def media_type(name: str) -> str:
    """A file's format, by its name; of those that an archive describes one by one the others are plain text."""
    return "application/yaml" if name == "dvc.lock" else _FORMATS.get(PurePosixPath(name).suffix, "text/plain")
