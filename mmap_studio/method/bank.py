"""The prompt bank: all MmAPs of a run, one per group and one per task.

It declares what is trained: `trainable` names every array, `parameters_count` counts them, and nothing else in a run
requires a gradient.
"""

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from torch import nn

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.prompt import ARRAY_NAMES, MmAP, PromptPair, PromptShape

Parts = Literal["both", "group", "task"]


class PromptBank(nn.Module):
    """MmAPs for a grouping of tasks.

    Parameters
    ----------
    shape : size of every MmAP.
    grouping : the tasks and their groups.
    parts : "both" joins group and task tokens (the paper), "group" or "task" uses one of them.
    seed : start of every MmAP, mixed with its members' names, so that a group starts the same in whatever company.
    """

    def __init__(
        self,
        shape: PromptShape,
        grouping: Grouping,
        parts: Parts = "both",
        seed: int = 0,
        initialisation: Literal["balanced", "source"] = "balanced",
    ) -> None:
        super().__init__()
        self.shape, self.grouping, self.parts, self.seed, self.initialisation = (
            shape, grouping, parts, seed, initialisation,
        )  # fmt: skip
        self.group_prompts = nn.ModuleList()
        self.task_prompts = nn.ModuleList()
        if parts in ("both", "group"):
            self.group_prompts.extend(self._new("group", *sorted(members)) for members in grouping.groups)
        if parts in ("both", "task"):
            self.task_prompts.extend(self._new("task", name) for name in self.tasks)

    def _new(self, *name: str) -> MmAP:
        text = "\x1f".join((str(self.seed), *name))
        start = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])
        return MmAP(self.shape, start, self.initialisation)

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
        groups = [prompt.forward() for prompt in self._mmaps(self.group_prompts)]
        tasks = [prompt.forward() for prompt in self._mmaps(self.task_prompts)]
        if self.parts == "group":
            return PromptPair.stack(groups)
        if self.parts == "task":
            return PromptPair.stack(tasks)
        owner = [index for index, members in enumerate(self.grouping.groups) for _ in members]
        return PromptPair.stack(
            [PromptPair.join([groups[group], task]) for group, task in zip(owner, tasks, strict=True)]
        )

    @staticmethod
    def _mmaps(prompts: nn.ModuleList) -> list[MmAP]:
        return [prompt for prompt in prompts if isinstance(prompt, MmAP)]

    @property
    def tokens(self) -> int:
        """Prompt tokens a task sees in each tower."""
        return self.shape.tokens * (2 if self.parts == "both" else 1)

    @property
    def trainable(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of everything that is trained."""
        return {name: tuple(value.shape) for name, value in self.named_parameters()}

    @property
    def parameters_count(self) -> int:
        """Trained numbers in the whole bank."""
        return self.shape.parameters * (len(self.group_prompts) + len(self.task_prompts))

    def adapters(self) -> dict[tuple[str, ...], dict[str, np.ndarray]]:
        """Arrays of every MmAP under ``("group", *members)`` or ``("task", name)``."""
        named = [
            (("group", *members), p)
            for members, p in zip(self.grouping.groups, self._mmaps(self.group_prompts), strict=False)
        ]
        named += [(("task", name), p) for name, p in zip(self.tasks, self._mmaps(self.task_prompts), strict=False)]
        return {key: prompt.to_arrays() for key, prompt in named}

    def load_adapters(self, adapters: Mapping[tuple[str, ...], Mapping[str, np.ndarray]]) -> None:
        """Take the arrays of `adapters`; every MmAP of this bank must be there (ValueError names the missing one)."""
        have = {_key(name): arrays for name, arrays in adapters.items()}
        for members, prompt in zip(self.grouping.groups, self._mmaps(self.group_prompts), strict=False):
            prompt.load_arrays(_pick(have, ("group", *members)))
        for name, prompt in zip(self.tasks, self._mmaps(self.task_prompts), strict=False):
            prompt.load_arrays(_pick(have, ("task", name)))

    def regroup(self, grouping: Grouping) -> "PromptBank":
        """A bank for another grouping of any tasks; MmAPs whose group or task is unchanged keep their weights."""
        bank = PromptBank(self.shape, grouping, self.parts, self.seed, self.initialisation)
        fresh = bank.adapters()
        kept = {_key(name): arrays for name, arrays in self.adapters().items()}
        bank.load_adapters({name: kept.get(_key(name), arrays) for name, arrays in fresh.items()})
        return bank.to(next(self.parameters()).device)


def _key(name: tuple[str, ...]) -> tuple[str, ...]:
    """The order of a group's members does not matter."""
    return (name[0], *sorted(name[1:]))


def _pick(have: Mapping[tuple[str, ...], Mapping[str, np.ndarray]], name: tuple[str, ...]) -> Mapping[str, np.ndarray]:
    if _key(name) not in have:
        raise ValueError(f"prompts must hold an MmAP for {name[0]} {'+'.join(name[1:])}. Got none instead.")
    return have[_key(name)]


__all__ = ["ARRAY_NAMES", "Parts", "PromptBank"]
