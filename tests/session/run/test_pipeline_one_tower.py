"""Runs on backbones of which one tower takes no prompts, or none of them."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.events import Notice, RunEnded, Scores
from mmap_studio.session.methods import RUN
from mmap_studio.storage.prompt_folder import load_prompts
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.run.classifier import PromptedClassifier
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions

RESNET = {"vision": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}}
CLASS_TOKEN = {"custom_text": True, "text": {"embed_cls": True}}
DOMAINS = ("art", "real")


@pytest.mark.slow
@pytest.mark.parametrize("start", ["random", "zero_shot"])
@pytest.mark.parametrize(("model", "taken"), [(RESNET, "text"), (CLASS_TOKEN, "image")], ids=["ResNet", "class token"])
def test_what_a_backbone_takes_is_trained_said_and_loads_again(tmp_path, model, taken, start):
    project = projects.make(
        tmp_path, DOMAINS, model, **{"prompt.start": start, "train.epochs": 1, "prompt.class_residual": "off"}
    )
    events = list(run(project, RunOptions(groups="together", out=tmp_path / "prompts"), MemoryStore()))
    said = [event.text for event in events if isinstance(event, Notice)]
    assert any(one.startswith(f"Backbone 'tiny.json' takes {taken} prompts only: its ") for one in said)
    scores = next(event for event in events if isinstance(event, Scores) and event.method == RUN)
    assert isinstance(events[-1], RunEnded)
    # a group and two tasks: D layers of P_s (2, 8), one factor (1, width / 8), and gates of image prompts
    width, gates = (16, 0) if taken == "text" else (32, start == "zero_shot")
    assert scores.parameters == 3 * 2 * (2 * 8 + width // 8 + gates)
    folder = load_prompts(tmp_path / "prompts")
    for adapter in folder.adapters.values():
        other = "image_factor" if taken == "text" else "text_factor"
        assert adapter.arrays[other].shape == (2, 1, 0)
        assert adapter.config["token_dim" if taken == "text" else "vision_dim"] == width
    classifier = PromptedClassifier.load(tmp_path / "prompts", backbone=project.file.backbone)
    assert set(classifier.tasks) == set(DOMAINS)


def test_a_backbone_that_takes_no_prompts_is_refused_in_one_sentence(tmp_path):
    project = projects.make(tmp_path, DOMAINS, RESNET | CLASS_TOKEN)
    with pytest.raises(
        InputError, match=r"must take prompts in one of its towers, but takes none \(its image tower is"
    ):
        list(run(project, RunOptions(), MemoryStore()))
