"""The study: which method to use on the starter, over training images and seeds. Writes docs/study.md and its figures.

    python -m tools.study             # what docs/study.md says; hours on two cores, resumable: trials are in the cache
    python -m tools.study --quick     # two methods, one seed: minutes, into a folder of its own

It is `mmap-studio compare starter` with the methods, amounts and seeds below, and nothing else.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from mmap_studio.formatting import percent, time_left
from mmap_studio.session.compare.answer import answer
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.plots import accuracy_over_images, accuracy_over_parameters
from mmap_studio.session.compare.queue import compare
from mmap_studio.session.compare.svg import image
from mmap_studio.session.compare.tables import caption, markdown_table, resampled_amounts, rows
from mmap_studio.session.compare.trial import Comparison
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage import atomic
from mmap_studio.storage.store import user_store

DOCS = Path(__file__).parent.parent / "docs"
FEATURES = (
    "zero_shot", "zero_shot_ensemble", "linear_probe", "linear_probe:per_task", "ridge", "ridge:per_task", "text_head",
    "text_head:per_task", "clap", "lp_plus_plus", "task_residual", "tip_adapter", "tip_adapter_f", "clip_adapter",
)  # fmt: skip
TRAINED = ("coop:pooled", "maple:pooled", "clip_lora", "finetune", "wise_ft", "mmap_together", "mmap_separate")
AMOUNTS, SEEDS = "1,2,4,8,16,full", (1, 2, 3)


def main() -> None:
    """Run the queue with what is asked for, then write the page."""
    parser = argparse.ArgumentParser(description="make docs/study.md")
    parser.add_argument("--methods", default=",".join((*FEATURES, *TRAINED)), help="names, with commas")
    parser.add_argument("--shots", default=AMOUNTS, help=f"amounts ({AMOUNTS})")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="seeds")
    parser.add_argument("--out", type=Path, default=DOCS, help="where study.md and study/ go")
    parser.add_argument("--kept", action="store_true", help="train nothing: the trials that are done")
    parser.add_argument("--quick", action="store_true", help="smoke test")
    asked = parser.parse_args()
    if asked.quick:
        asked.methods, asked.shots, asked.seeds = "zero_shot,ridge", "1,full", "1"
        asked.out = Path(tempfile.mkdtemp())
    seeds = tuple(int(seed) for seed in asked.seeds.split(","))
    methods = tuple(asked.methods.split(","))
    options = CompareOptions(methods, parse_amounts(asked.shots), seeds, only_kept=asked.kept)
    write(followed(options), asked.out)


def followed(options: CompareOptions) -> Comparison:
    """The comparison, a line a trial."""
    queue, began = Returning(compare(Project.starter(), options, user_store())), time.monotonic()
    for report in queue:
        if report.notice:
            print(report.text, file=sys.stderr)
        elif report.trial is not None:
            spent = time_left(time.monotonic() - began)
            print(
                f"{report.done}/{report.total} {report.text}: {percent(report.trial.accuracy)} after {spent}",
                file=sys.stderr,
            )
    return queue.value


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
The test images were looked at once.

{found.text}

![Accuracy over training images a class](study/images.svg)

![Accuracy over trained parameters, at the largest number of images](study/parameters.svg)

{caption(comparison, made)}

{markdown_table(comparison, made)}
## What it was made with

Hyper-parameters: {comparison.about["choice"]}. Splits: {len(splits)}, their digests in the command's
`comparison.json`. Versions: {", ".join(f"{name} {number}" for name, number in comparison.about["versions"].items())}.
"""
    atomic.write_text(docs / "study.md", text)
    print(docs / "study.md")


if __name__ == "__main__":
    main()
