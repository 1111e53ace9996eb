"""Prompt bank: all MmAPs of a run, one per group and one per task.

What is trained are its parameters, which `parameters_count` counts; nothing else in a run requires a gradient.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from torch import nn

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.prompt import MmAP, PromptPair
from mmap_studio.method.prompt_shape import CODES, PromptShape

Parts = Literal["both", "group", "task"]
Join = Literal["add", "concatenate"]


@dataclass(frozen=True, slots=True, eq=False)
class PromptKey:
    """Which MmAP of a bank: that of a group, or that of a task. The order of members does not matter."""

    kind: Literal["group", "task"]
    members: tuple[str, ...]
    """The tasks of the group, or the one task."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PromptKey) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, frozenset[str]]:
        return self.kind, frozenset(self.members)

    def __str__(self) -> str:
        return f"{self.kind} {'+'.join(self.members)}"


Adapters = Mapping[PromptKey, Mapping[str, np.ndarray]]
"""The arrays of every MmAP of a bank (`prompt_shape.ARRAY_NAMES`)."""


def sizes_of(adapters: Adapters) -> dict[str, int | str]:
    """The `PromptSettings` that trained prompts have, sizes and scope, by name."""
    kinds = {key.kind for key in adapters}
    arrays = next((arrays for arrays in adapters.values() if CODES in arrays), next(iter(adapters.values())))
    depth, m, n = arrays["source_prompt"].shape
    tokens = m * arrays["text_factor"].shape[1]
    parts = "both" if len(kinds) == 2 else next(iter(kinds))
    residual = "on" if CODES in arrays else "off"
    return {
        "tokens": tokens, "source_rows": m, "source_columns": n, "depth": depth, "parts": parts,
        "class_residual": residual,
    }  # fmt: skip


class PromptModule(nn.Module, ABC):
    """What makes the prompts of some tasks and can be trained: the MmAPs of a bank, or those of another method."""

    @property
    @abstractmethod
    def prompt_of(self) -> dict[str, int]:
        """Row of `forward`'s pair that each task uses."""

    @abstractmethod
    def forward(self) -> PromptPair:
        """The prompts of all tasks."""


class PromptBank(PromptModule):
    """MmAPs for a grouping of tasks.

    Parameters
    ----------
    shape : size of every MmAP.
    grouping : the tasks and their groups.
    parts : "both" joins group and task prompts (the paper), "group" or "task" uses one of them.
    join : "add" sums the two, token by token; "concatenate" shows a task the tokens of both.
    seed : start of every MmAP, mixed with its members' names, so that a group starts the same in whatever company.
    texts : class texts of every task; where the shape has a class rank the MmAPs of groups have residuals for those of
        their tasks, each text once, members in alphabetical order; those of tasks do where there are none of groups.
    """

    def __init__(
        self,
        shape: PromptShape,
        grouping: Grouping,
        parts: Parts = "both",
        seed: int = 0,
        initialisation: Literal["balanced", "source"] = "balanced",
        join: Join = "concatenate",
        texts: Mapping[str, tuple[str, ...]] = {},
    ) -> None:
        super().__init__()
        self.shape, self.grouping, self.parts, self.seed, self.initialisation, self.join = (
            shape, grouping, parts, seed, initialisation, join,
        )  # fmt: skip
        self.texts = texts
        groups = grouping.groups if parts in ("both", "group") else ()
        tasks = self.tasks if parts in ("both", "task") else ()
        self.group_prompts = nn.ModuleList(self._new("group", *sorted(members)) for members in groups)
        self.task_prompts = nn.ModuleList(self._new("task", name) for name in tasks)

    def _new(self, kind: Literal["group", "task"], *members: str) -> MmAP:
        text = "\x1f".join((str(self.seed), kind, *members))
        start = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])
        corrects = self.shape.class_rank and (kind == "group" or self.parts == "task")
        texts = tuple(dict.fromkeys(text for name in members for text in self.texts[name])) if corrects else ()
        return MmAP(replace(self.shape, classes=len(texts)), start, self.initialisation, texts)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Task names, group by group."""
        return tuple(name for members in self.grouping.groups for name in members)

    @property
    def prompt_of(self) -> dict[str, int]:
        """Row of `forward`'s pair that each task uses."""
        if self.parts == "group":
            return {name: index for index, members in enumerate(self.grouping.groups) for name in members}
        return {name: index for index, name in enumerate(self.tasks)}

    def forward(self) -> PromptPair:
        """Prompts of all tasks: P = groups when `parts` is "group", otherwise P = tasks (see `prompt_of`)."""
        pairs = [prompt.forward() for _, prompt in self._prompts()]
        groups, tasks = pairs[: len(self.group_prompts)], pairs[len(self.group_prompts) :]
        if self.parts == "group":
            return PromptPair.stack(groups)
        if self.parts == "task":
            return PromptPair.stack(tasks)
        owners = [groups[index] for index, members in enumerate(self.grouping.groups) for _ in members]
        joined = [g + t if self.join == "add" else PromptPair.join([g, t]) for g, t in zip(owners, tasks, strict=True)]
        return PromptPair.stack(joined)

    @property
    def parameters_count(self) -> int:
        """Trainable parameters of the whole bank."""
        return sum(prompt.shape.parameters for _, prompt in self._prompts())

    def adapters(self) -> dict[PromptKey, dict[str, np.ndarray]]:
        """float32 copies of the arrays of every MmAP."""
        return {key: prompt.to_arrays() for key, prompt in self._prompts()}

    def load_adapters(self, adapters: Adapters) -> None:
        """Take the arrays of `adapters`; ValueError names an MmAP of this bank that is missing."""
        for key, prompt in self._prompts():
            if key not in adapters:
                raise ValueError(f"prompts must hold an MmAP for {key}. Got none instead.")
            prompt.load_arrays(adapters[key])

    def _prompts(self) -> Iterator[tuple[PromptKey, MmAP]]:
        keys = [PromptKey("group", members) for members in self.grouping.groups[: len(self.group_prompts)]]
        keys += [PromptKey("task", (name,)) for name in self.tasks[: len(self.task_prompts)]]
        for key, prompt in zip(keys, (*self.group_prompts, *self.task_prompts), strict=True):
            assert isinstance(prompt, MmAP)
            yield key, prompt
