"""HDF5 that somebody handed over, parsed by a child process with limits: `hdf5.unpack`, where the file may be hostile.

The checksum of our files is no secret, so a crafted one gets past it, and then HDF5's own parser reads what it says: it
has been made to crash and to loop, and Python cannot catch either. So the child parses, under limits of memory and time
and unable to write a file, and hands back plain bytes; whatever becomes of it, this process says so in a sentence.

`python -m mmap_studio.storage.foreign.hdf5 SIZE` reads the file's bytes from standard input and writes a line of JSON
and the arrays' bytes to standard output.
"""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.errors import CorruptError, StudioError
from mmap_studio.storage.foreign.child import UnansweredError, answer, asked, command, leave, limit
from mmap_studio.storage.hdf5 import Artifact, checked_bytes, unpack

MEMORY = 1 << 30
"""Bytes of address space that the child may take, beside five times the file: Python, numpy and HDF5 reserve 0.4 GB."""
SECONDS = 20
"""How long it may take, and of how much processor time."""


def unpack_foreign(source: Path, max_bytes: int, within: Path | None = None) -> Artifact:
    """As `hdf5.unpack`, with the same errors; a file that crashes, stops or fills the child is a CorruptError."""
    data = checked_bytes(source, max_bytes, within)
    try:
        answered, body = asked(command(__name__, [str(len(data))]), data, SECONDS)
        if "refused" not in answered:
            return Artifact(_arrays(answered["arrays"], body), answered["meta"])
    except UnansweredError as error:
        raise _refusal(source, str(error)) from None
    except (ValueError, LookupError, TypeError):
        raise _refusal(source, "a file that confuses its reader") from None
    raise CorruptError(str(answered["refused"]).replace("these bytes", str(source), 1))


def _arrays(listed: list[Any], body: bytes) -> dict[str, np.ndarray]:
    found, place = {}, 0
    for name, dtype, shape in listed:
        count = math.prod(shape)
        found[name] = np.frombuffer(body, dtype, count, place).reshape(shape).copy()  # a copy is aligned
        found[name].flags.writeable = False
        place += found[name].nbytes
    return found


def _refusal(source: Path, found: str) -> CorruptError:
    return CorruptError(
        f"{source} must hold plain arrays only. Found {found}: it is damaged or hostile; do not use it."
    )


def main(size: int) -> None:
    """Parse standard input, in the child."""
    import h5py  # noqa: F401  before the limits, under which its libraries might not load

    limit(MEMORY + 5 * size, SECONDS)
    data = sys.stdin.buffer.read(size)
    try:
        artifact = unpack(data)
    except (StudioError, MemoryError) as error:
        answer({"refused": str(error) or "these bytes ask for more memory than there is."})
        return
    arrays = [[name, array.dtype.str, list(array.shape)] for name, array in artifact.arrays.items()]
    answer({"arrays": arrays, "meta": artifact.meta})
    for array in artifact.arrays.values():
        sys.stdout.buffer.write(np.ascontiguousarray(array).tobytes())


if __name__ == "__main__":
    main(int(sys.argv[1]))
    leave()
