"""`python -m tools.bill_of_materials [FILE]`: what the studio consists of, as a CycloneDX document (JSON, version 1.5).

Every library that an installation with Parquet tables brings, with version, licence, and what needs what, as installed
for this Python. The same installation gives the same document.
"""

import json
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

from mmap_studio.version import __version__
from tools.distributions import NAME, PROJECT, closure, requirements, version

LONGEST_LICENCE = 80
"""Letters of a licence's name; some packages have the whole text in its place."""


def document() -> dict[str, Any]:
    """The bill of materials."""
    wanted = requirements(["parquet"])
    needed = {name: inner for name, inner in closure(wanted).items() if version(name)}
    own = {"type": "application", "bom-ref": purl(NAME, __version__), "name": NAME, "version": __version__,
           "purl": purl(NAME, __version__), "description": PROJECT["description"],
           "licenses": [{"expression": PROJECT["license"]}]}  # fmt: skip
    components = [component(name) for name in needed]
    refs = {name: one["bom-ref"] for name, one in zip(needed, components, strict=True)}
    graph = [{"ref": own["bom-ref"], "dependsOn": sorted({refs[name] for name in direct() if name in refs})}]
    graph += [{"ref": refs[name], "dependsOn": [refs[one] for one in inner if one in refs]}
              for name, inner in needed.items()]  # fmt: skip
    content = json.dumps([own, components, graph], sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": graph,
    }


def direct() -> list[str]:
    """Names of what pyproject.toml asks for itself."""
    from packaging.utils import canonicalize_name

    return [canonicalize_name(one.name) for one in requirements(["parquet"])]


def component(name: str) -> dict[str, Any]:
    about = metadata.metadata(name)
    found = {"type": "library", "name": name, "version": about["Version"], "purl": purl(name, about["Version"])}
    licences = licence(about)
    return {**found, "bom-ref": found["purl"], **({"licenses": licences} if licences else {})}


def licence(about: metadata.PackageMetadata) -> list[dict[str, Any]]:
    """As the package states it: an SPDX expression, else a name, else its classifiers; empty where it says nothing."""
    expression, text = (str(about.get(key) or "").strip() for key in ("License-Expression", "License"))
    if expression:
        return [{"expression": expression}]
    if text and len(text) <= LONGEST_LICENCE and "\n" not in text:
        return [{"license": {"name": text}}]
    listed = [one.split(" :: ")[-1] for one in about.get_all("Classifier") or [] if one.startswith("License :: ")]
    return [{"license": {"name": one}} for one in listed]


def purl(name: str, number: str) -> str:
    """The package's address in the package-url scheme."""
    return f"pkg:pypi/{name}@{number.replace('+', '%2B')}"


def main() -> None:
    text = json.dumps(document(), indent=1) + "\n"
    if len(sys.argv) > 1:
        target = Path(sys.argv[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
