"""Installed versions against bounds and the table of known-bad ones."""

import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from mmap_studio.session.doctor.known_bad import KNOWN_BAD, known_bad
from mmap_studio.session.doctor.versions import TOGETHER, installed, judged, unmet, versions

ASKED = [
    Requirement(one) for one in ("PySide6-Essentials>=6.10.3,<6.12", "filelock>=3.20.3", 'pyarrow>=15; extra == "x"')
]
SOUND = {"pyside6-essentials": "6.11.3", "filelock": "3.20.3"}


def problems(found, python="3.11.7"):
    return [(one.said, one.remedy) for one in judged(ASKED, found, python) if one.state == "problem"]


def test_sound_versions_are_one_finding():
    (one,) = judged(ASKED, SOUND, "3.11.7")
    assert (one.state, one.remedy) == ("ok", "")
    assert "filelock 3.20.3" in one.said


@pytest.mark.parametrize(
    ("change", "python", "said"),
    [
        ({"pyside6-essentials": "6.12.0"}, "3.11.7", "PySide6-Essentials 6.12.0 must not be used on Python 3.11.7"),
        (
            {"pyside6-essentials": "6.12.0"},
            "3.13.0",
            "PySide6-Essentials must be <6.12,>=6.10.3. Found 6.12.0 instead.",
        ),
        ({"filelock": "3.13.4"}, "3.12.0", "filelock 3.13.4 must not be used on Python 3.12.0: whoever may write"),
        ({"jinja2": "3.1.2"}, "3.12.0", "Jinja2 3.1.2 must not be used"),
        ({"torch": "2.5.1+cu124"}, "3.12.0", "CVE-2025-32434"),
    ],
)
def test_a_bad_version_is_one_line_with_what_to_do(change, python, said):
    ((line, remedy),) = problems(SOUND | change, python)
    assert said in line
    assert "\n" not in line
    assert remedy.startswith("run: pip install ")


def test_a_missing_library_is_a_problem():
    assert problems({"filelock": "3.20.3"})[0][0] == "PySide6-Essentials must be installed, but is not."


def test_a_version_that_is_none_ends_nothing():
    assert known_bad("torch", "from a checkout") is None


def test_what_libraries_ask_of_each_other_is_looked_up_and_not_imported():
    asked = {
        "torchvision": ["torch==2.10.0", 'scipy; extra == "scipy"'],
        "open-clip-torch": ["timm>=1.0", "regex"],
        "timm": ["pyyaml", "torch>=1.7"],
        "torch": ["sympy<2"],
    }
    found = {"torchvision": "0.25.0+cpu", "torch": "2.9.1+cpu", "open-clip-torch": "3.2", "timm": "1.0.9", "sympy": "2"}
    told = [(one.state, one.said, one.remedy) for one in unmet(["torchvision", "open-clip-torch"], found, asked.get)]
    assert told == [
        ("problem", "torchvision needs torch==2.10.0. Found 2.9.1+cpu instead.", TOGETHER),
        ("problem", "open-clip-torch needs regex, which is not installed.", 'run: pip install "regex"'),
        ("warning", "torch needs sympy<2. Found 2 instead.", 'run: pip install "sympy<2"'),
        ("problem", "timm needs pyyaml, which is not installed.", 'run: pip install "pyyaml"'),
    ]
    assert (
        list(unmet(["torchvision"], {"torchvision": "0.25.0", "torch": "2.10.0+cpu", "sympy": "1.13"}, asked.get)) == []
    )


def test_here_nothing_is_bad():
    assert [one for one in versions() if one.state != "ok"] == []
    assert "torch" in installed()


@pytest.mark.parametrize("one", KNOWN_BAD, ids=lambda one: f"{one.package}{one.versions}")
def test_every_entry_says_which_and_why(one):
    assert SpecifierSet(one.versions)
    assert SpecifierSet(one.python) or not one.python
    assert one.why[0].islower()
    assert not one.why.endswith(".")


def test_names_and_versions_are_those_of_the_whole_metadata():
    whole = {}
    for one in metadata.distributions():
        if one.metadata["Name"]:
            whole.setdefault(canonicalize_name(one.metadata["Name"]), one.metadata["Version"])
    assert installed() == whole


def test_what_the_folders_are_is_known_without_pydantic():
    code = "import sys, mmap_studio.session.doctor.anonymised; print('pydantic' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
