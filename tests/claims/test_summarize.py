"""What the tables were made from."""

from collections import defaultdict

from bnrepro.claims.summarize import provenance
from bnrepro.records.fingerprint import code_digest, numerical_versions
from bnrepro.records.grid import expand
from bnrepro.study import params


def test_provenance_has_the_digests_of_the_code_of_all_runs(project):
    given = params.load()
    found, expected = {}, defaultdict(set)
    for study in given.studies_of("digits"):
        specs = expand(given, "digits", study, "cpu")
        found[study] = [
            {
                "fingerprint": repr(spec),
                "spec": vars(spec),
                "code_digest": code_digest(spec),
                "data_digest": "data",
                "processor": "any",
                "versions": numerical_versions(),
            }
            for spec in specs
        ]
        for spec in specs:
            expected[spec.implementation].add(code_digest(spec))
    digests = provenance(given, "digits", found)["code_digests"]
    assert {name: set(several) for name, several in digests.items()} == expected
    assert len(digests["keras"]) > 1
