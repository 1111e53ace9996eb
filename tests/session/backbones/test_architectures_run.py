"""Every architecture of open_clip's, with random weights: it loads by its name, and does what is said of it.

Made small (`tests/architectures.py`), one of each family, and every name among the slow tests; those of size B as they
are.
"""

import json
import re
from functools import partial
from importlib.util import find_spec

import pytest

from mmap_studio.config import settings_from
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.backbones import resolve
from mmap_studio.session.backbones.architectures import architecture_of
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.places import FOLDER_VARIABLE, own_folder
from mmap_studio.session.backbones.tokens import CONFIG, text_model_of, tokenizer_of
from tests import tiny
from tests.architectures import TEXT_TOWERS, TOKENIZERS, family, of_name, reduced, timm_changes
from tests.lazy import imported_later
from tests.session.backbones.test_tokens import write_tokenizer

with imported_later():
    import timm
    import torch

    from benchmarks import plain
    from mmap_studio.method.training import Joint, new_bank
    from mmap_studio.session.backbones.loading import open_backbone
    from tools import towers

NAMES = ["a photo of a fox.", "a photo of a desk lamp.", "red car"]
TOKENS = 2
FAMILIES = list({family(config): name for name, config in sorted(configs().items(), reverse=True)}.values())
"""The first name of each family."""
BASE = re.compile(r".*B-(16|32).*|(MobileCLIP2?|ViTamin)-B|\w+_base(_\w+)?|nllb-clip-base.*|RN50(-quickgelu)?|vit_\w+")
NAMED = sorted(filter(BASE.fullmatch, configs()), key=lambda name: (len(name), name), reverse=True)
REAL = sorted({family(configs()[name]): name for name in NAMED}.values())
"""Of size B, or like it: the shortest name of each family."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The folder for downloads, with a tokenizer in every repository that an architecture names."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(folder))
        if find_spec("transformers") is not None:
            for repository in filter(None, map(tokenizer_of, configs().values())):
                write_tokenizer(own_folder(repository), of_name(TOKENIZERS, repository))
        yield folder


def opened(name, config, changes, text_towers, patch):
    """The backbone by its name, where open_clip's config were this one, and timm's model had these changes."""
    if (tokenizer_of(config) or text_model_of(config)) and find_spec("transformers") is None:
        pytest.skip("needs the extra transformers")
    if repository := text_model_of(config):
        (own_folder(repository) / CONFIG).write_text(json.dumps(of_name(text_towers, repository)))
    patch.setattr(resolve, "configs", lambda: {name: config})
    patch.setattr("open_clip.timm_model.timm.create_model", partial(timm.create_model, **changes))
    return filled(open_backbone(f"{name}:random-1", "cpu", "float32"))


def filled(clip):
    """The clip with weights large enough for layers, prompts and images to matter, zeros among them too."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in clip.model.parameters():
            if parameter.ndim > 1 and parameter.numel() < 1e8:
                parameter.mul_(1.5)
            if parameter.ndim and parameter.numel() < 1e7:  # tables of words have no zeros
                parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    clip.model.logit_scale.data.fill_(3.5)
    return clip


def close(ours, theirs, most=1e-5):
    assert torch.isfinite(theirs).all()
    assert (ours - theirs).abs().max() <= most * theirs.abs().max()


def same_with_prompts(ours, theirs, one, other):
    """Equal features and equal gradients of the prompts, which are not 0."""
    close(ours, theirs)
    weights = torch.randn(ours.shape, generator=torch.Generator().manual_seed(9))
    (ours * weights).sum().backward()
    (theirs * weights).sum().backward()
    assert other.grad.abs().max() > 0
    close(one.grad, other.grad, 1e-4)


def prompts(depth, width):
    made = 0.3 * torch.randn(1, depth, TOKENS, width, generator=torch.Generator().manual_seed(2))
    return made.requires_grad_()


def check(clip, said, exact=1e-6):
    """Zero-shot as open_clip has it, and prompts in the towers that take them, in no other."""
    assert clip.capability == said.capability
    assert (clip.causal, clip.quick) == (said.causal, said.quick)
    images = torch.randn(2, 3, clip.image_size, clip.image_size, generator=torch.Generator().manual_seed(1))
    read = clip.tokenize(NAMES)
    with torch.no_grad():
        image, text = clip.encode_image(images), clip.encode_text(read)
        theirs = clip.model.encode_image(images, normalize=True), clip.model.encode_text(read, normalize=True)
        logits = clip.logit_scale * image @ text.T
        assert image.shape[1] == clip.embed_width
        assert (image - theirs[0]).abs().max() <= exact
        assert (text - theirs[1]).abs().max() <= exact
        close(logits, clip.model.logit_scale.exp() * theirs[0] @ theirs[1].T)
    assert (image[0] - image[1]).abs().max() > 1e-4
    assert (text[0] - text[1]).abs().max() > 1e-4
    prompt_image(clip, images, image, exact)
    prompt_text(clip, read, text, exact)
    train_a_step(clip)


def prompt_image(clip, images, unprompted, exact):
    if not clip.capability.image:
        assert (clip.image_width, clip.layers[1]) == (0, 0)
        with pytest.raises(ValueError, match="image prompts must be"):
            clip.encode_image(images, torch.zeros(1, 1, TOKENS, 8))
        return
    depth = min(2, clip.layers[1])
    one, other = (prompts(depth, clip.image_width) for _ in range(2))
    ours = clip.encode_image(images, one)
    same_with_prompts(ours, plain.encode_image(clip.model, images, other[0]), one, other)
    assert (ours - unprompted).abs().max() > 1e-4
    with torch.no_grad():
        closed = clip.encode_image(images, one, gate=torch.zeros(1, depth, 1))
    assert (closed - unprompted).abs().max() <= exact


def prompt_text(clip, read, unprompted, exact):
    if not clip.capability.text:
        assert (clip.text_width, clip.layers[0]) == (0, 0)
        with pytest.raises(ValueError, match="text prompts must be"):
            clip.encode_text(read, torch.zeros(1, 1, TOKENS, 8))
        return
    one, other = (prompts(2, clip.text_width) for _ in range(2))
    ours = clip.encode_text(read, one)
    same_with_prompts(ours, plain.encode_text(clip.model, read, other[0], clip.lead), one, other)
    assert (ours - unprompted).abs().max() > 1e-4
    with torch.no_grad():
        zero = clip.encode_text(read, torch.zeros_like(one), on_words=True)
        assert (zero - unprompted).abs().max() <= exact
        assert (clip.encode_text(read, one, on_words=True) - unprompted).abs().max() > 1e-4


def train_a_step(clip):
    """One gradient of MmAP's, of the prompts that the backbone takes and of no weight."""
    size = {"tokens": TOKENS, "source_rows": TOKENS, "source_columns": 8, "depth": 2}
    settings = settings_from({"preset": "light", "prompt": size, "train": {"batch_size": 1}})
    task = tiny.TaskSpec("art", tiny.WORDS[:2], **{part: tiny.image_set(2, 2, 0, size=clip.image_size)
                                                   for part in ("train", "val", "test")})  # fmt: skip
    bank = new_bank(clip, Grouping.together(["art"]), settings.prompt, 1)
    joint = Joint(clip, [task], bank, settings.train, 1)
    loss = joint.backward(joint.batches.draw())
    assert torch.isfinite(loss).all()
    pair = bank()
    assert (pair.text.shape[3], pair.image.shape[3]) == (clip.text_width, clip.image_width)
    found = [weight.grad for weight in bank.parameters() if weight.grad is not None]
    assert found
    assert all(torch.isfinite(grad).all() for grad in found)
    assert max(float(grad.abs().max()) for grad in found) > 0
    clip.assert_frozen()


def check_small(name):
    config = configs()[name]
    with pytest.MonkeyPatch.context() as patch:
        changes = timm_changes(config["vision_cfg"].get("timm_model_name", ""))
        check(opened(name, reduced(config), changes, TEXT_TOWERS, patch), architecture_of(name, config))


@pytest.mark.parametrize("name", FAMILIES)
def test_one_of_each_family_made_small(name, models):
    check_small(name)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(8))
def test_every_architecture_made_small(start, models):
    for name in sorted(configs())[start::8]:
        check_small(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_an_architecture_of_size_b_as_it_is(name, models):
    """But for the table of words of another tokenizer than CLIP's."""
    config = configs()[name]
    if tokenizer_of(config) and not text_model_of(config):
        config = {**config, "text_cfg": config["text_cfg"] | {"vocab_size": 64}}
    text_towers = {repository: about | {"vocab_size": 64} for repository, about in towers.TEXT_TOWERS.items()}
    with pytest.MonkeyPatch.context() as patch:
        clip = opened(name, config, {}, text_towers, patch)
        said = architecture_of(name, configs()[name])
        assert (clip.image_width, clip.text_width) == (said.image_width, said.text_width)
        assert (clip.image_size, clip.context_length) == (said.image_size, said.context_length)
        check(clip, said)
