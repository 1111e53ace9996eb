"""The document of a recorded run, checked field by field before any of it is used."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from mmap_studio.storage.documents import LONGEST_NAME, Document, checked
from mmap_studio.storage.runs import RESULTS, RunFolder

Words = Annotated[str, Field(max_length=8 * LONGEST_NAME)]
Share = float | None
Groups = list[list[Words]]
Matrix = list[list[Share]]
Count = Annotated[int, Field(ge=0, lt=1 << 53)]


class _Backbone(Document):
    name: Words
    digest: Words
    precision: Words | None = None


class _Figures(Document):
    accuracy: Share
    macro_f1: Share
    ece: Share
    n: Count = 0


class _Control(Document):
    groups: Groups | None
    trained_parameters: Count


class _Grouping(Document):
    groups: Groups


class _Split(Document):
    digest: Words


class _Affinity(Document):
    tasks: list[Words]
    matrix: Matrix
    standard_error: Matrix
    normalised: Matrix
    normalised_standard_error: Matrix
    n: list[list[Count]]

    @model_validator(mode="after")
    def _square(self) -> "_Affinity":
        side = len(self.tasks)
        for table in (self.matrix, self.standard_error, self.normalised, self.normalised_standard_error, self.n):
            if len(table) != side or any(len(row) != side for row in table):
                raise ValueError(f"its tables must be of {side} rows and columns, as it has tasks")
        return self


class ResultsDocument(Document):
    """results.json: what is read of it again."""

    backbone: _Backbone
    settings: dict[str, Any]
    metrics: dict[Words, dict[Words, _Figures]]
    controls: dict[Words, _Control] = Field(default_factory=dict)
    splits: dict[Words, _Split] = Field(default_factory=dict)
    affinity: _Affinity | None = None
    grouping: _Grouping | None = None
    trained_parameters: Count = 0


def read_results(run: RunFolder) -> dict[str, Any]:
    """results.json of a run; CorruptError names the field that is not as a run writes it."""
    document: dict[str, Any] = run.read_json(RESULTS)
    checked(ResultsDocument, document, run.path / RESULTS, "run it again")
    return {"controls": {}, "splits": {}, "affinity": None, "grouping": None, "trained_parameters": 0} | document
