"""The budget of a comparison: for how long every method may train."""

import re
from dataclasses import dataclass
from typing import Literal

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, shown_value

MOST = 10_000_000


@dataclass(frozen=True)
class Budget:
    """How much each training takes: what its settings or its publication say, so many steps, or images.

    Images are counted of the largest task of each training, with repetition; its last batch is whole. In every step
    prompts and weights see as many of its other tasks, or all of a smaller one; methods on features draw from all
    images, and so see other tasks in proportion to what they have.

    Not seconds: the same comparison would then have other results on another machine.
    """

    kind: Literal["settings", "steps", "images"] = "settings"
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """``settings``, ``500 steps`` or ``8000 images``; InputError for anything else."""
        word = re.sub(r"[\s,_]", "", text).lower()
        found = re.fullmatch(r"([0-9]{1,8})(steps|images)", word)
        if word == "settings":
            return cls()
        if found and 1 <= int(found[1]) <= MOST:
            return cls("steps" if found[2] == "steps" else "images", int(found[1]))
        raise InputError(
            f"A budget must be settings, a number of steps such as 500steps, or of images such as "
            f"8000images, at most {MOST}. Got {shown_value(text)} instead."
        )

    @property
    def label(self) -> str:
        """As `parse` reads it."""
        return self.kind if self.kind == "settings" else f"{self.number}{self.kind}"

    @property
    def said(self) -> str:
        """The same for a reader: ``500 steps``."""
        return self.kind if self.kind == "settings" else f"{self.number} {self.kind}"

    @property
    def words(self) -> str:
        """In one sentence; empty where it is the settings'."""
        each = {"steps": counted(self.number, "step"), "images": f"{counted(self.number, 'image')} of its largest task"}
        return f"Every training takes {each[self.kind]}." if self.kind in each else ""

    @property
    def key(self) -> dict[str, str]:
        """What the name of a trial in the cache has of it; nothing of the usual one."""
        return {} if self.kind == "settings" else {"budget": self.label}


AS_SET = Budget()
"""What the settings say, or the publication."""
