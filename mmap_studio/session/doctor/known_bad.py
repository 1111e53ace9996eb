"""Versions of libraries that must not be used, and why: the one table for the self-test, the window and the lock file.

It holds what is certain: crashes that were reproduced here, and published holes with the first version that mends them.
`tests/test_supply_chain.py` holds constraints.txt and the bounds of pyproject.toml against it.
"""

import platform
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownBad:
    package: str
    versions: str
    """Of the package, as pip writes it."""
    why: str
    python: str = ""
    """Versions of Python on which it matters; empty for all."""
    aborts: bool = False
    """Whether the window must not even be tried."""


KNOWN_BAD = (
    KnownBad("PySide6-Essentials", ">=6.12", "it loses references on this Python and aborts", "<3.12", aborts=True),
    KnownBad("PySide6-Essentials", "==6.11.0", "panels of the window cannot be docked again (QTBUG-147209)"),
    KnownBad("PySide6-Essentials", "==6.11.1", "panels of the window cannot be docked again (QTBUG-147209)"),
    KnownBad("torch", "<2.6", "a crafted checkpoint runs code even with weights_only=True (CVE-2025-32434)"),
    KnownBad("torch", ">=2.6,<2.10", "a crafted checkpoint corrupts memory with weights_only=True (CVE-2026-24747)"),
    KnownBad("filelock", "<3.20.1", "whoever may write to the folder has a lock empty another file (CVE-2025-68146)"),
    KnownBad("filelock", ">=3.20.1,<3.20.3", "a soft lock follows a link that appears meanwhile (CVE-2026-22701)"),
    KnownBad("pillow", "<10.0.1", "a crafted WebP image writes past its buffer (CVE-2023-4863)"),
    KnownBad("pillow", ">=10.0.1,<10.2", "an expression of ImageMath runs code (CVE-2023-50447)"),
    KnownBad("pillow", ">=10.2,<10.3", "a colour profile writes past its buffer (CVE-2024-28219)"),
    KnownBad("pillow", ">=11.2,<11.3", "saving a DDS image writes past its buffer (CVE-2025-48379)"),
    KnownBad("pyarrow", ">=0.14,<14.0.1", "a crafted Parquet or IPC file runs code (CVE-2023-47248)"),
    KnownBad("scikit-learn", "<1.5", "a fitted TfidfVectorizer keeps words of the training texts (CVE-2024-5206)"),
    KnownBad("pydantic", ">=2.0,<2.4", "checking a crafted e-mail address takes for ever (CVE-2024-3772)"),
    KnownBad("typer", ">=0.12,<0.19", "every command ends with \"Type not yet supported\""),
    KnownBad("Jinja2", "<3.1.5", "a template leaves its sandbox (CVE-2024-56326)"),
    KnownBad("Jinja2", ">=3.1.5,<3.1.6", "a template leaves its sandbox by the attr filter (CVE-2025-27516)"),
    KnownBad("h11", "<0.16", "a malformed answer of a server is taken for two (CVE-2025-43859)"),
    KnownBad("idna", "<3.7", "encoding a crafted host name takes for ever (CVE-2024-3651)"),
    KnownBad("tqdm", "<4.66.3", "its command line evaluates its options (CVE-2024-34062)"),
    KnownBad("Pygments", "<2.15.1", "highlighting a crafted text takes for ever (CVE-2022-40896)"),
    KnownBad("ray", "<2.52", "a cluster asks for no token, and runs the code of whoever reaches it (CVE-2023-48022)"),
    KnownBad("setuptools", "<70", "a crafted address of a package runs code (CVE-2024-6345)"),
    KnownBad("setuptools", ">=70,<78.1.1", "a crafted address of a package writes anywhere (CVE-2025-47273)"),
)  # fmt: skip


def known_bad(package: str, version: str, python: str = platform.python_version()) -> KnownBad | None:
    """The entry that this version falls under on this Python; None where none does."""
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion

    name = canonicalize_name(package)
    for one in KNOWN_BAD:
        if canonicalize_name(one.package) != name:
            continue
        try:
            bad = SpecifierSet(one.versions).contains(version, prereleases=True)
        except InvalidVersion:
            return None
        if bad and SpecifierSet(one.python).contains(python, prereleases=True):
            return one
    return None
