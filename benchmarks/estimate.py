"""What is said of a step before it is taken, against what it takes: memory and time at full size."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.backbones import SIGLIP
from benchmarks.figures import Figure, fitting_clock, median_of, resident
from benchmarks.registry import benchmark
from mmap_studio.config import Settings, settings_from

CASES: dict[str, dict[str, Any]] = {
    "": {},
    "_micro_batches": {"train": {"accumulate": 4}},
    "_recompute": {"train": {"recompute": True}},
    "_light": {"preset": "light"},
    "_siglip2": {"backbone": SIGLIP, "classes": 10},
}
"""Settings by the end of a figure's name; the preset is the paper's size where none is said. Of SigLIP 2, whose text
tower shares nothing between classes, fewer of them."""
AGAINST = "one step of {} in a fresh process on a CPU, 4 tasks x {} images x {} classes, float32"


SCENE = ("backbone", "classes")
"""Values of a case that are no settings."""


@benchmark
def estimate(quick: bool) -> Iterator[Figure]:
    """Foretold over measured, each case in processes of its own: 1 is right, above 1 was too much."""
    for case, values in CASES.items():
        found = [_elsewhere(values) for _ in range(1 if quick else 3)]
        name = "SigLIP 2 B/16" if values.get("backbone") == SIGLIP else "ViT-B/16"
        against = AGAINST.format(name, _settings(values).train.batch_size, values.get("classes", 65))
        for what in ("memory", "time"):
            yield median_of(f"estimate_{what}{case}", [one[what] for one in found], "foretold over measured", against)


def _settings(values: dict[str, Any]) -> Settings:
    return settings_from({"preset": "paper-size"} | {k: v for k, v in values.items() if k not in SCENE})


def _elsewhere(values: dict[str, Any]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.estimate", json.dumps(values)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def _foretold_over_measured(values: dict[str, Any]) -> dict[str, float]:
    import open_clip.model  # noqa: F401 - its code is the program's own
    import torch

    from benchmarks.scenes import office_home_step
    from mmap_studio.session.estimates.facts import shape_of, texts_of
    from mmap_studio.session.estimates.flops import BESIDE, cpu_speed, multiply_adds, seconds_of
    from mmap_studio.session.estimates.memory import footprint

    settings = _settings(values)
    before, clock = resident("VmRSS"), fitting_clock()
    joint, batches = office_home_step(base=settings, **{k: v for k, v in values.items() if k in SCENE})
    began = clock()
    joint.backward(batches)
    seconds, taken = clock() - began, resident("VmHWM") - before
    shape, texts = shape_of(joint.clip), texts_of(joint.clip, joint.tasks)
    work = multiply_adds(settings, shape, texts, beside=BESIDE)
    return {
        "memory": footprint(settings, shape, [texts]).bytes / taken,
        "time": seconds_of(work, cpu_speed(torch.get_num_threads())) / seconds,
    }


if __name__ == "__main__":
    print(json.dumps(_foretold_over_measured(json.loads(sys.argv[1]))))
