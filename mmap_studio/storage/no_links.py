"""The way from a folder that is trusted down to a file below it, on which no link is followed.

A project, a cache or a prompt folder may come from somebody else, with a link where a folder or a file must be: what
is written or read through it lies outside. So the folders below the trusted one are opened one by one, each relative
to the one before, and what is done then is done relative to the last: exchanging one meanwhile changes nothing.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmap_studio.storage.os_errors import refusal

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NOFOLLOW
RELATIVE = os.open in os.supports_dir_fd and bool(_NOFOLLOW)
"""Whether files can be opened relative to a folder; Windows looks at the names alone."""


@contextmanager
def standing_in(folder: Path, within: Path | None) -> Iterator[int | None]:
    """A handle of `folder`, which lies below `within`, for `dir_fd`; None where it was not asked for, or there is none.

    StorageError naming the link where there is one on the way; OSError where a folder is missing. Where `within` is
    None, the caller's user named the folder, and links on its way are theirs.
    """
    if within is None or not RELATIVE:
        refuse_links(folder, within)
        yield None
        return
    handle = os.open(within, _FOLDER & ~_NOFOLLOW)
    here = within
    try:
        for part in folder.relative_to(within).parts:
            here = here / part
            try:
                inner = os.open(part, _FOLDER, dir_fd=handle)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR) and os.path.islink(here):
                    raise link_refusal(here, within) from None
                raise
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def refuse_links(path: Path, within: Path | None) -> None:
    """StorageError naming the first link on the way from `within` to `path`, itself included."""
    here = within
    for part in path.relative_to(within).parts if within is not None else ():
        assert here is not None
        here = here / part
        if here.is_symlink():
            raise link_refusal(here, within)


def link_refusal(link: Path, within: Path | None) -> Exception:
    """The sentence for a link where there must be none."""
    return refusal(
        f"{link} must be a file or folder of its own, but is a link, and nothing below {within} is followed out of it; "
        "put what it leads to in its place, or delete it.",
        link,
        errno.ELOOP,
    )
