"""Words for states, phases and methods, known before torch is loaded."""

from mmap_studio.session.job import State

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

METHODS = {
    "zero_shot": "Zero-shot", "zero_shot_ensemble": "Zero-shot, ensemble", "run": "These groups",
    "linear_probe": "Linear probe", "together": "All together", "separate": "All separate", "random": "Random groups",
    "finetune": "Full fine-tuning, per task", "finetune_joint": "Full fine-tuning, joint",
}  # fmt: skip


def method_title(method: str) -> str:
    """What the tables call a method."""
    return METHODS.get(method, method.replace("_", " ").capitalize())
