"""`python -m tools.audit`: holds constraints.txt, and what is installed here, against the table of known-bad versions.

It asks nobody: the table is `mmap_studio/session/doctor/known_bad.py`. Exit code 1 if there is one.
"""

from collections.abc import Mapping

from mmap_studio.session.doctor.known_bad import KNOWN_BAD, known_bad
from tools.distributions import closure, requirements, version
from tools.lock import locked


def bad(versions: Mapping[str, str], where: str) -> list[str]:
    """One sentence for every version that must not be used."""
    found = [(name, one, known_bad(name, one)) for name, one in sorted(versions.items())]
    return [f"{name} {one} {where}: {why.why}." for name, one, why in found if why]


def main() -> None:
    here = {name: one for name in closure(requirements(["test"])) if (one := version(name))}
    told = [*bad(locked(), "in constraints.txt"), *bad(here, "as installed")]
    print("\n".join(told) or f"{len(locked())} locked and {len(here)} installed versions, none of them in the table of "
          f"{len(KNOWN_BAD)} known to be bad.")  # fmt: skip
    raise SystemExit(bool(told))


if __name__ == "__main__":
    main()
