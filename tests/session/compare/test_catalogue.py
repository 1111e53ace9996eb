"""The catalogue: names, scopes, and methods that other packages add by an entry point."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.capability import Capability
from mmap_studio.session.runtime.generator_result import result
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.rivals.method import Method
    from mmap_studio.session.compare import catalogue as module
    from mmap_studio.session.compare.catalogue import USUAL, catalogue, chosen_entries, left_out_for

NEAREST = '''
"""A method of another package: the class of the nearest mean of training features."""
import numpy as np

from mmap_studio.method.rivals.method import Learned


class NearestMean:
    name, title, family, source = "nearest_mean", "Nearest mean", "features", "Nobody 2026"
    scopes, candidates = ("per_task",), ({},)

    def parameters(self, clip, tasks):
        return sum(len(task.class_names) for task in tasks) * clip.embed_width

    def fit(self, data, values, seed):
        yield from ()
        (task,) = data.tasks
        features, labels = data.features_of(task.train), task.train.labels
        means = np.stack([features[labels == k].mean(0) for k in range(len(task.class_names))])
        return Learned({"means": means.astype(np.float32)}, means.size)

    def predictor(self, data, learned):
        def predict(task, images):
            logits = data.features_of(images) @ learned.arrays["means"].T
            return (logits == logits.max(1, keepdims=True)).astype(np.float32)

        return predict
'''


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a package with one entry point, whatever its module holds."""

    def install(source, points):
        (tmp_path / "other_methods.py").write_text(source)
        about = tmp_path / "other_methods-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other-methods\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{module.GROUP}]\n{points}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(__import__("sys").modules, "other_methods", raising=False)
        module._read.cache_clear()

    yield install
    module._read.cache_clear()


def test_every_entry_is_a_method_in_one_of_its_scopes_or_a_form_of_mmap():
    found = catalogue()
    for name, entry in found.items():
        assert entry.name == name
        assert entry.title
        assert entry.source
        if entry.family == "mmap":
            assert entry.method is None
            assert entry.groups
        else:
            assert isinstance(entry.method, Method)
            assert entry.scope in entry.method.scopes
    assert len({entry.title for entry in found.values()}) == len(found)
    assert set(USUAL) <= set(found)


def test_names_are_found_once_each_and_in_the_catalogues_order():
    names = [entry.name for entry in chosen_entries(["mmap_suggested", "coop", "zero_shot", "coop"])]
    assert names == ["zero_shot", "coop", "mmap_suggested"]
    assert {entry.name for entry in chosen_entries(["usual"])} == set(USUAL)
    assert [entry.name for entry in chosen_entries(["all"])] == list(catalogue())


def test_methods_whose_prompts_a_backbone_does_not_take_are_left_out_with_a_word():
    text, image = Capability("its image tower is a ResNet", ""), Capability("", "it is read by 'none'")
    none = Capability(text.no_image, image.no_text)
    both = {"ivlp", "promptsrc", "maple", "mmlop"}
    lacking = {name: {e.method.name if e.method else "mmap" for e in catalogue().values() if e.lacks(one)}
               for name, one in {"text": text, "image": image, "none": none, "both": Capability()}.items()}  # fmt: skip
    assert lacking["both"] == set()
    assert lacking["text"] == both | {"vpt_shallow", "vpt_deep"}
    assert lacking["image"] == both | {"coop", "softcpt", "lamm", "prompt_tree"}
    assert lacking["none"] == lacking["text"] | lacking["image"] | {"mmap"}
    entries = chosen_entries(["zero_shot", "vpt_deep", "clip_lora"])
    assert left_out_for(entries, text, "RN50") == (
        "Backbone 'RN50' takes text prompts only: its image tower is a ResNet; so these are left out: "
        "VPT deep, per task."
    )
    assert left_out_for(entries, image, "x") == ""


def test_wise_ft_uses_the_training_of_full_fine_tuning():
    assert catalogue()["wise_ft"].trained_as == catalogue()["finetune"].trained_as == "finetune"


def test_a_method_of_another_package_is_compared_like_any_other(installed, tmp_path):
    from mmap_studio.session.compare.options import CompareOptions, parse_amounts
    from mmap_studio.session.compare.queue import compare
    from mmap_studio.storage.store import MemoryStore
    from tests import projects

    installed(NEAREST, "nearest_mean = other_methods:NearestMean")
    assert "nearest_mean" in catalogue()
    project = projects.make(tmp_path / "project")
    comparison = result(compare(project, CompareOptions(("nearest_mean",), parse_amounts("full"), (1,)), MemoryStore()))
    _, nearest = comparison.trials
    assert (nearest.method, nearest.title) == ("nearest_mean", "Nearest mean")
    assert nearest.parameters == 3 * 3 * 24
    assert 0 <= nearest.accuracy <= 1


@pytest.mark.parametrize(
    ("source", "point", "sentence"),
    [
        ("raise RuntimeError('no GPU here')", "x = other_methods:X", r"'x' .*cannot be loaded \(RuntimeError: no GPU"),
        ("X = 3", "x = other_methods:X", "'x' of another package must have all that"),
        (NEAREST.replace('"nearest_mean"', '"ridge"'), "x = other_methods:NearestMean", "Found 'ridge' twice"),
        (NEAREST.replace('("per_task",)', '("sometimes",)'), "x = other_methods:NearestMean", "must have all that"),
    ],
)
def test_a_method_that_is_none_is_refused_by_name(installed, source, point, sentence):
    installed(source, point)
    with pytest.raises(InputError, match=sentence):
        chosen_entries(["x"])
    assert list(module.refused()) == ["x"]
    assert chosen_entries(["ridge", "coop"]), "one broken package takes nothing from the others"
    assert "x" not in {entry.name for entry in chosen_entries(["all"])}
