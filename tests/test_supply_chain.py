"""What the studio is built from: bounds, lock file, known-bad versions and bill of materials fit each other."""

import json
import re
import uuid
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mmap_studio.session.doctor.known_bad import KNOWN_BAD, known_bad
from tools import audit, bill_of_materials, distributions
from tools.lock import locked

ROOT = Path(__file__).parents[1]
EXTRAS = ("test", "dev", "parquet")


def test_the_lock_file_holds_all_that_is_asked_for_within_its_bounds():
    found = locked()
    for one in distributions.requirements(EXTRAS):
        if one.name != distributions.NAME:
            assert one.specifier.contains(found[canonicalize_name(one.name)]), one


def test_the_lock_file_holds_what_is_needed_in_turn():
    needed = distributions.closure(distributions.requirements(["test"]))
    assert {"sympy", "pluggy", "shiboken6"} <= set(needed)
    assert set(needed) - set(locked()) == set()


def test_no_locked_version_is_known_to_be_bad():
    assert audit.bad(locked(), "in constraints.txt") == []


@pytest.mark.parametrize("one", KNOWN_BAD, ids=lambda one: f"{one.package}{one.versions}")
def test_bounds_exclude_what_is_known_to_be_bad(one):
    """Of what pyproject.toml names itself; of the rest the lock file and the self-test see to it."""
    asked = {canonicalize_name(r.name): r for r in map(Requirement, distributions.PROJECT["dependencies"])}
    extras = distributions.PROJECT["optional-dependencies"]
    asked |= {one.name: one for one in map(Requirement, extras["parquet"] + extras["ray"])}
    bound = asked.get(canonicalize_name(one.package))
    if bound is None:
        return
    edges = re.findall(r"[\d.]+", one.versions)
    tried = {*edges, *(f"{edge}.0" for edge in edges), *(part.version for part in bound.specifier)}
    for version in tried:
        if bound.specifier.contains(version):
            assert known_bad(one.package, version, "3.11") is None, f"{bound} lets {version} in"


def test_the_audit_tells_a_bad_version():
    (told,) = audit.bad({"torch": "2.5.1", "numpy": "2.0"}, "here")
    assert told.startswith("torch 2.5.1 here: a crafted checkpoint runs code")


def test_ci_installs_from_the_lock_file_and_audits_it():
    ci = (ROOT / ".ci" / "run").read_text()
    assert ci.index("export PIP_CONSTRAINT=$PWD/constraints.txt") < ci.index("bash -euo pipefail -c")
    for line in ("-m tools.audit", "-m tools.bill_of_materials", "mmap-studio doctor"):
        assert line in ci


def test_the_bill_of_materials_is_a_whole_cyclonedx_document():
    document = json.loads(json.dumps(bill_of_materials.document()))
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.5", 1)
    assert uuid.UUID(document["serialNumber"].removeprefix("urn:uuid:"))
    own = document["metadata"]["component"]
    assert (own["type"], own["name"], own["licenses"]) == ("application", "mmap-studio", [{"expression": "Apache-2.0"}])
    listed = {one["name"]: one for one in document["components"]}
    assert {"torch", "numpy", "h5py", "pyarrow", "pyside6-essentials"} <= set(listed)
    assert not {"pytest", "ruff", "mypy"} & set(listed), "tools of development ship with nobody"
    for name, one in listed.items():
        assert one["type"] == "library"
        assert Version(one["version"])
        assert one["purl"] == one["bom-ref"]
        assert re.fullmatch(rf"pkg:pypi/{re.escape(name)}@[\w.%-]+", one["purl"])
    refs = {own["bom-ref"], *(one["bom-ref"] for one in listed.values())}
    graph = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert set(graph) == refs
    assert all(set(needed) <= refs for needed in graph.values())
    assert listed["torch"]["bom-ref"] in graph[own["bom-ref"]]
    assert listed["sympy"]["bom-ref"] in graph[listed["torch"]["bom-ref"]]


def test_most_licences_are_known():
    found = bill_of_materials.document()["components"]
    assert sum("licenses" in one for one in found) > 0.8 * len(found)


def test_the_same_installation_gives_the_same_document():
    assert bill_of_materials.document() == bill_of_materials.document()
