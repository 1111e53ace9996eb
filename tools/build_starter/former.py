"""The weights that training goes on from: those of version 0.1.0's starter, from the repository's history."""

import subprocess
from hashlib import sha256
from pathlib import Path

BLOB = "89cdc1c5d62e76c665ce7ccb8afdb3581a6cc95a"  # git's name of the file
SHA256 = "d29a069c902a6182990b31ba82c19fff37257d1dd9da7679a832909f5651b978"
STEPS = 1600  # that they were trained for


def former_weights(repository: Path, path: Path) -> Path:
    """Write the former weights to `path`, unless they are there; RuntimeError where the history does not have them."""
    if not path.exists():
        found = subprocess.run(["git", "cat-file", "blob", BLOB], cwd=repository, capture_output=True, check=False)
        if found.returncode:
            raise RuntimeError(
                f"The weights of version 0.1.0's starter must be in git's history as {BLOB[:12]}, but are not "
                f"({found.stderr.decode().strip()}); clone the repository whole, or train anew with --anew."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.stdout)
    check(path)
    return path


def check(path: Path) -> None:
    """RuntimeError unless a file is the former weights."""
    digest = sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise RuntimeError(
            f"{path} must have the SHA-256 {SHA256[:12]}, but has {digest[:12]}; delete it and try again."
        )
