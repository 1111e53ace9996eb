"""`python -m tools.lock`: writes constraints.txt, the exact versions that continuous integration installs.

They are the versions installed here of everything that the extra dev needs, and what pip would add to them. Run it on
Linux with Python 3.11, in an environment in which the suite has passed.
"""

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name

from tools.distributions import ROOT, closure, requirements, version

FILE = ROOT / "constraints.txt"
HEAD = """\
# What continuous integration installs (PIP_CONSTRAINT in .ci/run): Python 3.11, Linux. Made by python -m tools.lock.
# To install the same: pip install -c constraints.txt -e '.[test]'
"""


def locked() -> dict[str, str]:
    """Version by name, as constraints.txt has it."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def missing() -> dict[str, str]:
    """What pip would install to complete this environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--report", str(report), "-e", f"{ROOT}[dev]"]
        subprocess.run(pip, check=True)
        found = [one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"]]
    return {canonicalize_name(one["name"]): one["version"] for one in found}


def main() -> None:
    if sys.platform != "linux" or platform.python_version_tuple()[:2] != ("3", "11"):
        raise SystemExit("constraints.txt must be made on Linux with Python 3.11.")
    here = {name: version(name) for name in closure(requirements(["dev"]))}
    found = missing() | {name: one for name, one in here.items() if one}
    found.pop("mmap-studio", None)
    FILE.write_text(HEAD + "".join(f"{name}=={found[name]}\n" for name in sorted(found)), encoding="utf-8")
    print(f"{len(found)} versions in {FILE.name}")


if __name__ == "__main__":
    main()
