"""The study: which method to use on the starter, over training images and seeds. Writes docs/study.md and its figures.

    python -m tools.study             # what docs/study.md says, from the trials in docs/study/trials; trains the rest
    python -m tools.study --kept      # the same, without training
    python -m tools.study --quick     # two methods, one seed: minutes, into a folder of its own

It is `mmap-studio compare starter` with the methods, amounts and seeds below, and nothing else. All trials take days on
two cores, so each that is done is kept beside the page, under the digest of all that it depends on: one zip for an
amount of images and a seed. A trial whose digest is another by now, since the method was changed, is made again.
"""

import argparse
import io
import sys
import tempfile
import time
import zipfile
from itertools import groupby
from pathlib import Path

from mmap_studio.formatting import percent, time_left
from mmap_studio.session.compare.answer import answer
from mmap_studio.session.compare.kept_trials import KIND
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.plots import accuracy_over_images, accuracy_over_parameters
from mmap_studio.session.compare.queue import Queue
from mmap_studio.session.compare.svg import image
from mmap_studio.session.compare.tables import caption, markdown_table, resampled_amounts, rows
from mmap_studio.session.compare.trial import Comparison
from mmap_studio.session.compare.trial_maker import Place
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage import atomic
from mmap_studio.storage.hdf5 import unpack
from mmap_studio.storage.store import FolderStore, user_cache

DOCS = Path(__file__).parent.parent / "docs"
FEATURES = (
    "zero_shot", "zero_shot_ensemble", "linear_probe", "linear_probe:per_task", "ridge", "ridge:per_task", "text_head",
    "text_head:per_task", "clap", "lp_plus_plus", "task_residual", "tip_adapter", "tip_adapter_f", "clip_adapter",
)  # fmt: skip
TRAINED = (
    "coop:pooled", "maple:pooled", "clip_lora", "finetune", "wise_ft",
    "mmap_together", "mmap_suggested", "mmap_separate",
)  # fmt: skip
AMOUNTS, SEEDS = "1,2,4,8,16,full", (1, 2, 3)
LARGEST_TRIAL = 1 << 20
"""Bytes of one that is read from a zip."""


def main() -> None:
    """Run the queue with what is asked for, then write the page."""
    parser = argparse.ArgumentParser(description="make docs/study.md")
    parser.add_argument("--methods", default=",".join((*FEATURES, *TRAINED)), help="names, with commas")
    parser.add_argument("--shots", default=AMOUNTS, help=f"amounts ({AMOUNTS})")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="seeds")
    parser.add_argument("--out", type=Path, default=DOCS, help="where study.md and study/ are")
    parser.add_argument("--kept", action="store_true", help="train nothing: the trials that are done")
    parser.add_argument("--quick", action="store_true", help="smoke test")
    asked = parser.parse_args()
    if asked.quick:
        asked.methods, asked.shots, asked.seeds = "zero_shot,ridge", "1,full", "1"
        asked.out = Path(tempfile.mkdtemp())
    seeds = tuple(int(seed) for seed in asked.seeds.split(","))
    methods = tuple(asked.methods.split(","))
    options = CompareOptions(methods, parse_amounts(asked.shots), seeds, only_kept=asked.kept)
    write(followed(options, asked.out / "study" / "trials", user_cache()), asked.out)


def followed(options: CompareOptions, folder: Path, store: FolderStore) -> Comparison:
    """The comparison, a line a trial; those of the folder are taken from it, and the new ones put there."""
    take(folder, store)
    queue, began = Queue(Project.starter(), options, store), time.monotonic()
    reports = Returning(queue.reports())
    try:
        for report in reports:
            if report.notice:
                print(report.text, file=sys.stderr)
            elif report.trial is not None:
                spent = time_left(time.monotonic() - began)
                print(
                    f"{report.done}/{report.total} {report.text}: {percent(report.trial.accuracy)} after {spent}",
                    file=sys.stderr,
                )
    finally:
        put(queue, folder, store)
    return reports.value


def take(folder: Path, store: FolderStore) -> None:
    """Put the trials of a folder into the store. CorruptError for one that is damaged."""
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as file:
            for about in file.infolist():
                if about.file_size > LARGEST_TRIAL:
                    raise ValueError(f"a trial must have at most {LARGEST_TRIAL} bytes: {about.filename} in {path}")
                trial = unpack(file.read(about), LARGEST_TRIAL)
                if trial.meta["kind"] == KIND and not store.has(KIND, trial.meta["digest"]):
                    store.put(KIND, trial.meta["digest"], trial.arrays, trial.meta["meta"])


def put(queue: Queue, folder: Path, store: FolderStore) -> None:
    """Add the trials of a queue to those of the folder; one of another digest replaces that of its method."""

    def part(place: Place) -> str:
        return f"{place.amount.label}-{place.seed}"

    for name, places in groupby(sorted(queue.trials, key=part), key=part):
        path = folder / f"{name}.zip"
        trials = {}
        if path.is_file():
            with zipfile.ZipFile(path) as file:
                trials = {method: file.read(method) for method in file.namelist()}
        for place in places:
            digest = queue.maker.digest(place, queue.materials[place.amount, place.seed])
            trials[f"{place.entry.name}.h5"] = store.path(KIND, digest).read_bytes()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as file:
            for method, data in sorted(trials.items()):
                file.writestr(
                    zipfile.ZipInfo(method), data, zipfile.ZIP_LZMA
                )  # of 1980: the same trials, the same bytes
        if not path.is_file() or path.read_bytes() != buffer.getvalue():
            atomic.make_folder(folder)
            atomic.write_bytes(path, buffer.getvalue())


def write(comparison: Comparison, docs: Path) -> None:
    """study.md, and its figures in study/."""
    samples = resampled_amounts(comparison)
    made = rows(comparison, samples)
    folder = docs / "study"
    atomic.make_folder(folder)
    atomic.write_bytes(folder / "images.svg", image(accuracy_over_images(comparison, made), "svg"))
    last = max(comparison.amounts)
    atomic.write_bytes(folder / "parameters.svg", image(accuracy_over_parameters(comparison, made, last), "svg"))
    found = answer(comparison, samples)
    backbone = comparison.about["backbone"]
    splits = comparison.about["splits"]
    text = f"""# The study

Made by `python -m tools.study`: `mmap-studio compare` on the starter ({len(comparison.tasks)} drawing styles, backbone
{backbone["digest"][:12]}), under [the protocol](comparison.md) of every comparison; {len(comparison.trials)} trials.
The test images were looked at once. `python -m tools.study --kept` makes this page again from
[the trials](study/trials).

{found.text}

![Accuracy over training images a class](study/images.svg)

![Accuracy over trained parameters, at the largest number of images](study/parameters.svg)

{caption(comparison, made)} Times are of two cores that did other work as well, some of them several times what
quiet cores take; steps and images seen are exact.

{markdown_table(comparison, made)}
## What it was made with

Hyper-parameters: {comparison.about["choice"]}. Splits: {len(splits)}, their digests in the command's
`comparison.json`. Versions: {", ".join(f"{name} {number}" for name, number in comparison.about["versions"].items())}.
"""
    atomic.write_text(docs / "study.md", text)
    print(docs / "study.md")


if __name__ == "__main__":
    main()
