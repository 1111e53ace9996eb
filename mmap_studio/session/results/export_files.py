"""Files that are exported: the prompts of a run, its tables, the affinity. Loads no torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmap_studio.errors import CorruptError, InputError
from mmap_studio.session.results.formats import Cell, table_text
from mmap_studio.session.results.recorded import read_results
from mmap_studio.storage import atomic
from mmap_studio.storage.prompt_folder import PromptFolder, load_prompts, save_prompts, verify_prompts
from mmap_studio.storage.runs import PROMPTS, RunFolder

if TYPE_CHECKING:
    from mmap_studio.method.affinity.lookahead import AffinityEstimate

SUFFIXES = (".png", ".svg", ".pdf", ".csv", ".tsv", ".json", ".tex", ".md")


def save(path: Path | str, content: bytes | str) -> Path:
    """Put a rendered figure or a table under `path`, whole or not at all; the suffix says what it is."""
    path = Path(path)
    check_save(path)
    atomic.write_bytes(path, content.encode() if isinstance(content, str) else content)
    return path


def check_save(path: Path) -> None:
    """The refusals of `save`, before what is saved is computed."""
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"The name of an exported file must end in one of {known}. Got {path.name!r} instead.")
    atomic.check_file(path)


def export_prompts(run: RunFolder, out: Path) -> PromptFolder:
    """`copy_prompts` of a run's; InputError for one without."""
    if not (run.path / PROMPTS).is_dir():
        raise InputError(
            f"Run {run.path} must have prompts, but has none: it is {run.state}; `mmap-studio run` trains some."
        )
    return copy_prompts(run.path / PROMPTS, out)


def copy_prompts(prompts: Path, to: Path) -> PromptFolder:
    """A prompt folder, checked, whole or not at all, and the copy read back as anybody would.

    It replaces another prompt folder, and nothing else.
    """
    save_prompts(to, load_prompts(prompts), replace=True)
    problems = verify_prompts(to)
    if problems:
        raise CorruptError(problems[0])
    return load_prompts(to)


def export_tables(run: RunFolder, folder: Path) -> list[Path]:
    """results.csv, and affinity.csv where it was measured, from the run's results."""
    document = read_results(run)
    atomic.make_folder(folder)
    written = [save(folder / "results.csv", _results_csv(document))]
    if document["affinity"] is not None:
        written.append(save(folder / "affinity.csv", affinity_csv(document["affinity"])))
    return written


def _results_csv(document: dict[str, Any]) -> str:
    rows: list[list[Cell]] = [
        [method, task, one["accuracy"], one["macro_f1"], one["ece"], one.get("n")]
        for method, tasks in document["metrics"].items()
        for task, one in tasks.items()
    ]
    return table_text(["method", "task", "accuracy", "macro_f1", "ece", "test_images"], rows)


def affinity_csv(found: dict[str, Any]) -> str:
    """One line a pair."""
    names = found["tasks"]
    columns = ("matrix", "standard_error", "normalised", "normalised_standard_error", "n")
    rows: list[list[Cell]] = [
        [source, recipient, *(found[key][i][j] for key in columns)]
        for i, source in enumerate(names)
        for j, recipient in enumerate(names)
    ]
    return table_text(["source", "recipient", "affinity", *columns[1:]], rows)


def save_affinity(path: Path, estimate: "AffinityEstimate") -> None:
    """Mean, standard error, count and latest, as HDF5 datasets (T, T) of these names; the tasks as an attribute."""
    from mmap_studio.storage.hdf5 import pack_plain

    words: dict[str, str | list[str]] = {"tasks": list(estimate.tasks), "rows": "source", "columns": "recipient"}
    atomic.check_file(path)
    atomic.write_bytes(path, pack_plain(estimate.to_arrays(), words))
