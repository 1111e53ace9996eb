"""Imports of a test module that wait for its first test: torch takes seconds, and collecting tests needs none of it.

    with imported_later():
        import torch

        from mmap_studio.method.bank import PromptBank

The names are bound when the first test of the module is set up. Before that using one fails: what decorators,
parametrize lists and base classes need is imported as usual.
"""

import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Later:
    """What stands for a name until it is imported."""

    module: str
    name: str = ""
    """Empty where the module itself is meant."""

    def __getattr__(self, attribute: str) -> Any:
        raise AttributeError(f"{self.module} {self.name} is imported with the first test; import it at once instead")

    def get(self) -> Any:
        """Import it now."""
        module = __import__(self.module, fromlist=[self.name or "__name__"])
        load(module)
        return getattr(module, self.name) if self.name else module


@contextmanager
def imported_later() -> Iterator[None]:
    """The block's imports bind a `Later` each; `load` replaces them."""

    class Names(ModuleType):
        def __getattr__(self, name: str) -> Later:
            return Later(self.__name__, name)

    def note(name: str, _globals: Mapping[str, Any] | None = None, _locals: Mapping[str, Any] | None = None,
             fromlist: Sequence[str] | None = (), _level: int = 0) -> Any:  # fmt: skip
        assert fromlist or "." not in name, f"write `from ... import ...` for {name}"
        return Names(name) if fromlist else Later(name)

    real, builtins.__import__ = builtins.__import__, note
    try:
        yield
    finally:
        builtins.__import__ = real


def load(module: ModuleType) -> None:
    """Import what a module put off."""
    for name, value in list(vars(module).items()):
        if type(value) is Later:
            setattr(module, name, value.get())
