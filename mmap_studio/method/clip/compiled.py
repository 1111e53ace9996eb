"""The pieces of a block through `torch.compile`, and as they stand where compiling them fails.

Inductor makes one program of a piece's small operations, for each kind and size of input that it meets; weights are
inputs, so the blocks of a tower share it. All of it in this process: no worker outlives it, and no graph or program
that was there before is taken for compiled. Importing this module imports no compiler; the first call does.
"""

from collections.abc import Callable
from typing import Any

import torch

from mmap_studio.method.clip.blocks import Ways
from mmap_studio.method.out_of_memory import is_out_of_memory

ALONE: dict[str, Any] = {"compile_threads": 1, "force_disable_caches": True}
"""Inductor's settings: no worker processes or threads; no graph or program of an earlier run is read."""

PROGRAMS = 64
"""Kinds and sizes of input of one piece that are compiled: a step has up to eight, and every group may have its own."""


class Compiler:
    """Compiles ways; `failure` is why they are eager since, empty while compiling works."""

    def __init__(self) -> None:
        self.failure = ""
        torch._dynamo.reset()  # it keeps so many programs of a piece and then stops; those of another backbone go
        torch._dynamo.config.recompile_limit = PROGRAMS
        self._made: dict[Ways, Ways] = {}

    def of(self, eager: Ways) -> Ways:
        """These ways compiled, once."""
        if eager not in self._made:
            self._made[eager] = Ways(self._compiled(eager.project), self._compiled(eager.finish))
        return self._made[eager]

    def _compiled(self, eager: Callable[..., Any]) -> Callable[..., Any]:
        return self._falling_back(torch.compile(eager, backend=self._backend), eager)

    def _falling_back(self, compiled: Callable[..., Any], eager: Callable[..., Any]) -> Callable[..., Any]:
        def piece(*given: Any, **named: Any) -> Any:
            if not self.failure:
                try:
                    return compiled(*given, **named)
                except Exception as error:  # whatever a compiler may raise: the run goes on without it
                    if is_out_of_memory(error):
                        raise
                    self._failed(error)
            return eager(*given, **named)

        return piece

    def _backend(self, graph: Any, inputs: list[Any]) -> Callable[..., Any]:
        """Inductor, with the way back as careful as the way there: that is compiled where no piece is on the stack."""
        from torch._inductor import config
        from torch._inductor.compile_fx import compile_fx, compile_fx_inner

        def inner(graph: Any, inputs: Any, **named: Any) -> Any:
            try:
                with config.patch(ALONE):  # once more, since the way back may be compiled later
                    return compile_fx_inner(graph, inputs, **named)
            except Exception as error:
                self._failed(error)
                return _as_it_stands(graph)

        try:
            with config.patch(ALONE):
                made: Any = compile_fx(graph, inputs, inner_compile=inner)
        except Exception as error:
            self._failed(error)
            made = graph.forward
        found: Callable[..., Any] = made
        return found

    def _failed(self, error: Exception) -> None:
        """No compiling from now on; but where only the memory did not suffice, this one graph stays as it stands."""
        if _of_memory(error):
            return
        words = str(error).strip().splitlines() or [""]
        self.failure = self.failure or f"{type(error).__name__}: {words[0]}".strip(": ")


def _of_memory(error: BaseException | None) -> bool:
    """Whether memory did not suffice, or that was behind it: the compiler wraps what it meets."""
    while error is not None and not is_out_of_memory(error):
        error = error.__cause__ or error.__context__
    return error is not None


def _as_it_stands(graph: Any) -> Callable[[list[Any]], Any]:
    """The graph by its own operations, called as compiled ones are: with one list, which it empties."""

    def run(given: list[Any]) -> Any:
        own = list(given)
        given.clear()
        return graph.forward(*own)

    run._boxed_call = True  # type: ignore[attr-defined]
    return run
