"""Listeners: callbacks that are told of every change, or once at the end of several."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """Callbacks with the same arguments; call it to call them all.

    psygnal was considered: of its signals this is all that is needed, and it knows no listener that goes first.
    """

    def __init__(self) -> None:
        self._first: list[Callable[P, object]] = []
        self._listeners: list[Callable[P, object]] = []
        self._holds = 0
        self._due: Callable[[], None] | None = None

    def listen(self, listener: Callable[P, object], first: bool = False) -> Callable[[], None]:
        """Call `listener` from now on, until the function this returns is called.

        first : before all others, which hear of what it changes itself in the same call
        """
        listeners = self._first if first else self._listeners
        listeners.append(listener)

        def stop() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return stop

    @contextmanager
    def held(self) -> Iterator[None]:
        """Call nobody inside; at the end once, with the arguments of the last call, if there was one."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            if self._due is not None and not self._holds:
                self._due()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        if self._holds:
            self._due = lambda: self(*args, **kwargs)
            return
        self._holds += 1
        try:
            for listener in tuple(self._first):
                listener(*args, **kwargs)
        finally:
            self._holds -= 1
            self._due = None
        for listener in tuple(self._listeners):
            listener(*args, **kwargs)
