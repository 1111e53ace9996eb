"""A table of methods over seeds from the documents of `mmap-studio run --control all --json`.

    for seed in 1 2 3; do mmap-studio run starter --seed $seed --control all --json > run-$seed.json; done
    python tools/results_table.py run-*.json
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

TITLES = {
    "zero_shot": "Zero-shot, one template",
    "zero_shot_ensemble": "Zero-shot, ensemble",
    "linear_probe": "Linear probe per task",
    "together": "MmAP, all together",
    "separate": "MmAP, all separate",
    "random": "MmAP, random groups",
    "run": "**MmAP, suggested groups**",
    "finetune": "Full fine-tuning per task",
    "finetune_joint": "Full fine-tuning, joint",
}


def methods(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every method of a document: its mean and what it trained."""
    found = {name: document[name] for name in ("zero_shot", "zero_shot_ensemble") if document.get(name)}
    found["run"] = document["run"] | {"trained_parameters": document["trained_parameters"]}
    return found | document["controls"]


def rows(documents: list[dict[str, Any]]) -> list[str]:
    """Markdown rows: mean and standard deviation over the documents, in percent."""
    found = [methods(document) for document in documents]
    lines = []
    for name, title in TITLES.items():
        means = [100 * one[name]["mean"] for one in found if name in one]
        if means:
            spread = f" ± {statistics.stdev(means):.1f}" if len(means) > 1 else ""
            trained = {one[name].get("trained_parameters", 0) for one in found}
            lines.append(f"| {title} | {statistics.mean(means):.1f}{spread} | {max(trained):,} |")
    return lines


def main(paths: list[str]) -> None:
    """Print the table."""
    documents = [json.loads(Path(path).read_text()) for path in paths]
    print(f"| method | mean test accuracy, {len(documents)} seeds, % | trained numbers |\n|---|---|---|")
    print("\n".join(rows(documents)))


if __name__ == "__main__":
    main(sys.argv[1:])
