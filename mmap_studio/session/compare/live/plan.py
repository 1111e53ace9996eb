"""The plan of a comparison that a window keeps with its project: what is compared, how, and what comes first.

Loads no torch. What was made of it is in the cache, so that a comparison goes on after whatever ended it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mmap_studio.config import LARGEST_SEED
from mmap_studio.errors import CorruptError, InputError
from mmap_studio.method.budget import AS_SET, Budget
from mmap_studio.session.compare.options import MANY, CompareOptions
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol
from mmap_studio.session.compare.trial import FULL, Amount, Cell
from mmap_studio.session.run.seeds import MANY as MANY_SEEDS
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import Document, Name, checked, read_json

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.session.engines.engine import Engine

FOLDER, NAME = "comparisons", "plan.json"
"""In the project; the reports lie beside the plan."""
FORMAT = 1
MOST_CELLS = 100_000
State = Literal["planned", "begun", "done"]


@dataclass(frozen=True)
class ComparisonPlan:
    """Methods x amounts of training images x seeds, and how far the window is with them."""

    methods: tuple[str, ...] = ("usual",)
    """Names of the catalogue; "usual" stands for those that are compared when nobody says otherwise."""
    amounts: tuple[Amount, ...] = (Amount.parse(FULL),)
    seeds: tuple[int, ...] = (1, 2, 3)
    choose: bool = True
    """As `CompareOptions.choose`."""
    baseline: str = "zero_shot"
    first: tuple[Cell, ...] = ()
    """What was moved up, the foremost first."""
    state: State = "planned"
    """"begun" while it is made, and after a crash."""
    without: tuple[Cell, ...] = ()
    """Trials that are skipped."""
    protocol: Protocol = SHOTS
    budget: Budget = AS_SET
    board: str = ""
    """The groups on the board of the window, where MmAP is compared in them; not kept with the plan."""

    def options(
        self, watch: Callable[[], None] | None = None, clip: "FrozenClip | None" = None,
        without: Iterable[Cell] = (), only_kept: bool = False, engine: "Engine | None" = None,
        more: Callable[[], bool] | None = None,
    ) -> CompareOptions:  # fmt: skip
        """What the queue is asked for."""
        return CompareOptions(
            self.methods, self.amounts, self.seeds, self.choose, self.baseline, only_kept, watch, clip, self.first,
            frozenset((*without, *self.without)), engine, more, protocol=self.protocol,
            budget=self.budget, board=self.board or None,
        )  # fmt: skip

    def moved_up(self, cells: Iterable[Cell]) -> "ComparisonPlan":
        """With these trials before all others, in their order."""
        moved = tuple(dict.fromkeys(cells))
        return replace(self, first=(*moved, *(one for one in self.first if one not in moved)))

    def skipping(self, cells: Iterable[Cell]) -> "ComparisonPlan":
        """Without these trials too."""
        return replace(self, without=tuple(dict.fromkeys((*self.without, *cells))))

    def with_again(self, cells: Iterable[Cell]) -> "ComparisonPlan":
        """With these trials, whether they were skipped or not."""
        back = set(cells)
        return replace(self, without=tuple(one for one in self.without if one not in back))

    @property
    def asked(self) -> "ComparisonPlan":
        """What it asks for, whatever comes first and however much of it is made."""
        return replace(self, first=(), state="planned")

    def same_trials(self, other: "ComparisonPlan") -> bool:
        """Whether both ask for the same."""
        return self.asked == other.asked


_Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
_Cells = Annotated[list[Annotated[tuple[Name, Name, _Seed], Field(strict=False)]], Field(max_length=MOST_CELLS)]


class _PlanDocument(Document):
    """plan.json."""

    format: Literal[1] = 1
    methods: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    amounts: Annotated[list[Name], Field(min_length=1, max_length=MANY)]
    seeds: Annotated[
        list[_Seed], Field(min_length=1, max_length=MANY_SEEDS)
    ]  # fmt: skip
    choose: bool = True
    baseline: Name = "zero_shot"
    first: _Cells
    state: State = "planned"
    without: _Cells = Field(default=[])
    protocol: Name = SHOTS.name
    budget: Name = AS_SET.label


def write_plan(folder: Path, plan: ComparisonPlan) -> None:
    """Keep a plan in a project's folder; StorageError where that cannot be."""
    document = {
        "format": FORMAT,
        "methods": list(plan.methods),
        "amounts": [one.label for one in plan.amounts],
        "seeds": list(plan.seeds),
        "choose": plan.choose,
        "baseline": plan.baseline,
        "first": [list(cell) for cell in plan.first],
        "without": [list(cell) for cell in plan.without],
        "state": plan.state,
        "protocol": plan.protocol.name,
        "budget": plan.budget.label,
    }
    atomic.make_folder(folder / FOLDER, folder)
    atomic.write_json(folder / FOLDER / NAME, document, folder)


def read_plan(folder: Path) -> ComparisonPlan | None:
    """The plan of a project; None where there is none. CorruptError for one that is not whole."""
    path = folder / FOLDER / NAME
    if not path.is_file():
        return None
    found = checked(_PlanDocument, read_json(path, within=folder), path, "delete the file to plan anew")
    try:
        amounts = tuple(sorted({Amount.parse(one) for one in found.amounts}))
        protocol, budget = Protocol.parse(found.protocol), Budget.parse(found.budget)
    except InputError as error:
        raise CorruptError(
            f"{path} must hold the plan of a comparison. {error} Delete the file to plan anew."
        ) from None
    methods, seeds = tuple(dict.fromkeys(found.methods)), tuple(dict.fromkeys(found.seeds))
    return ComparisonPlan(
        methods, amounts, seeds, found.choose, found.baseline, tuple(found.first), found.state, tuple(found.without),
        protocol, budget,
    )  # fmt: skip
