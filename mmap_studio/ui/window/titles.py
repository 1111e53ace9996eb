"""Words for states and phases, known before torch is loaded."""

from mmap_studio.session.runtime.job import State

STATE_TITLES = {
    State.IDLE: "", State.PREPARING: "preparing", State.RUNNING: "running", State.PAUSED: "paused",
    State.STOPPING: "stopping", State.DONE: "done", State.FAILED: "failed", State.CANCELLED: "stopped",
}  # fmt: skip

PHASE_TITLES = {
    "backbone": "Loading the backbone", "tasks": "Reading the tasks", "zero_shot": "Zero-shot",
    "affinity": "Measuring affinity", "grouping": "Grouping", "training": "Training", "evaluation": "Evaluating",
    "controls": "Controls", "export": "Writing the prompts",
    "map": "Preparing the map",
}  # fmt: skip
