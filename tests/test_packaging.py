"""What is installed and with what: the wheel, the lowest versions of what it needs, and the checks of a commit."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TRIED = dict(
    line.split("==") for line in (ROOT / "tests/lower_bounds.txt").read_text().splitlines() if not line.startswith("#")
)
"""The version of each package with which the suite was run when its lower bound was set."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


def test_the_wheel_has_every_module_the_types_and_the_resources(wheel):
    names = set(wheel.namelist())
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mmap_studio").rglob("*.py")}
    starter = {f"mmap_studio/_resources/{path.relative_to(ROOT / 'resources').as_posix()}"
               for path in (ROOT / "resources").rglob("*") if path.is_file()}  # fmt: skip
    assert package | starter | {"mmap_studio/py.typed"} <= names
    assert not {name for name in names if name.startswith(("tests", "tools", "benchmarks"))}


def test_lower_bounds_are_versions_that_were_tried():
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(one) for one in PROJECT["dependencies"] + extras["parquet"] + extras["test"]]
    bounds = {one.name: {part.version for part in one.specifier if part.operator == ">="} for one in wanted}
    for name in ("mmap-studio", "torch", "torchvision"):
        bounds.pop(name)
    assert bounds == {name: {version} for name, version in TRIED.items()}


def test_the_checks_of_a_commit_are_those_of_ci():
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text())
    ci = (ROOT / ".ci/run").read_text().splitlines()
    assert [f".venv/bin/{hook}" for hook in hooks] == [line for line in ci if re.match(r"\.venv/bin/(ruff|mypy)", line)]
