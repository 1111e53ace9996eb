"""What the operating system refused, as one sentence: what, which file, why, what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmap_studio.errors import StorageError

_SPACE = "Free some space there or choose another folder"
_RIGHTS = "Choose a folder that you may write to, or change its permissions"
REASONS = {
    errno.ENOSPC: ("the disk is full", _SPACE),
    errno.EDQUOT: ("your disk quota is used up", _SPACE),
    errno.EFBIG: ("the file would be larger than the disk or a limit allows", _SPACE),
    errno.EROFS: ("the disk is read-only", "Choose a folder on a disk that can be written"),
    errno.EACCES: ("there is no permission", _RIGHTS),
    errno.EPERM: ("there is no permission", _RIGHTS),
    errno.EIO: ("the disk reported an input/output error", "Check the disk and its cable, or choose another disk"),
    errno.ENOENT: ("the file or its folder does not exist", "Check the path; a drive may have been removed"),
    errno.ENOTDIR: ("a folder of that path is a file", "Choose another folder"),
    errno.EISDIR: ("it is a folder", "Choose another name"),
    errno.EEXIST: ("something of that name is already there", "Choose another name"),
    errno.ENOTEMPTY: ("something of that name is already there", "Choose another name"),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name"),
    errno.ELOOP: ("it is a link, which is not followed", "Delete the link, or put what it leads to in its place"),
    errno.EMLINK: ("it is one file under several names", "Put a copy in its place"),
    errno.ENOMEM: ("memory does not suffice", "Close other programs"),
    errno.ENFILE: ("too many files are open on this computer", "Close other programs"),
    errno.EMFILE: ("too many files are open", "Close other windows or raise the limit (ulimit -n)"),
}
"""Cause and remedy by error number."""


def storage_error(path: Path | str, error: OSError, doing: str = "written") -> StorageError:
    """The sentence for `error`."""
    cause, remedy = REASONS.get(error.errno or 0, (error.strerror or str(error), "Try again, or choose another folder"))
    code = f" ({errno.errorcode[error.errno]})" if error.errno and error.errno in errno.errorcode else ""
    kept = "" if doing == "read" else "; what was stored before is still whole"
    return refusal(f"{path} could not be {doing}: {cause}{code}. {remedy}{kept}.", path, error.errno)


def refusal(text: str, path: Path | str, code: int | None) -> StorageError:
    """A StorageError with the attributes of an OSError, for callers that decide by `errno`."""
    error = StorageError(text)
    error.errno, error.filename = code, str(path)
    return error


@contextmanager
def refusing(path: Path | str, doing: str = "written") -> Iterator[None]:
    """Every OSError inside becomes a `StorageError` that names `path`."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(path, error, doing) from error
