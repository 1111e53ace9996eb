"""Every error the studio raises on purpose.

    StudioError
    ├── InputError (ValueError)       what the user gave cannot be used: a folder, a name, a setting
    │   └── DataError                 an image, a class or a split
    ├── BackboneError (ValueError)    a CLIP that cannot be loaded, found or read
    ├── StorageError (OSError)        the disk refused: full, read-only, no permission
    ├── CorruptError (ValueError)     a file is there but is not whole, or not what its name says
    ├── TrainingError (RuntimeError)  a loss that is not finite, memory that does not suffice
    │   └── DeviceLostError           the GPU is gone, and with it all that would follow
    └── Interrupted (Exception)       the user stopped the work; what is finished was kept

One sentence each: what, which file or task, what was required, what was found, what to do.
Leaves inherit the builtin a caller would expect, so that ``except ValueError`` means what it says.
"""

from mmap_studio.formatting import printable


class StudioError(Exception):
    """Root of the tree: everything the studio refuses on purpose. Its sentence is one line, whatever names it has."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(printable(one) if isinstance(one, str) else one for one in args))


class InputError(StudioError, ValueError):
    """Something a user gave cannot be used as it is."""


class DataError(InputError):
    """An image, a class name or a split cannot be used as it is."""


class BackboneError(StudioError, ValueError):
    """A backbone cannot be loaded, found or read."""


class StorageError(StudioError, OSError):
    """The disk refused to take or give a file."""

    def __str__(self) -> str:  # OSError would print "(errno, text)" for two arguments
        return str(self.args[0]) if self.args else ""


class CorruptError(StudioError, ValueError):
    """A file is not whole, or holds something other than it should."""


class TrainingError(StudioError, RuntimeError):
    """Training cannot go on; the last good prompts were kept."""


class DeviceLostError(TrainingError):
    """The device is gone: nothing else can be computed in this process."""


class Interrupted(StudioError):  # noqa: N818  (nothing went wrong)
    """The user stopped the work; what was finished has been kept."""

    def __init__(self, sentence: str = "Stopped by the user; what is finished was kept.") -> None:
        super().__init__(sentence)
