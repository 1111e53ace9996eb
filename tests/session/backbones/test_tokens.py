"""Tokenizers and text towers of the transformers library: loaded from here, part of the digest, never fetched."""

import json
import shutil
from importlib.util import find_spec

import pytest

from mmap_studio.errors import BackboneError
from mmap_studio.session.backbones import architectures, tokens
from mmap_studio.session.backbones.name_lengths import too_long
from mmap_studio.session.backbones.pretrained import find_pretrained, installed
from mmap_studio.session.backbones.resolve import locate
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from safetensors.torch import save_file

    from benchmarks import plain
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.session.backbones.loading import open_backbone

pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="needs the extra transformers")

WORDS = ["a", "photo", "of", "an", "icon", "fox", "desk", "lamp", "red", "car", ".", "images"]
NAMES = ["a photo of a fox.", "a photo of a desk lamp.", "red car"]


def write_tokenizer(folder, kind):
    """A small tokenizer as its family has it: SigLIP's ends, BERT's and XLM's start too, T5's pads apart."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = {
        "siglip": ["<unk>", "</s>"],
        "t5": ["<pad>", "</s>", "<unk>"],
        "bert": ["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
        "xlm": ["<s>", "<pad>", "</s>", "<unk>"],
    }[kind]
    made = Tokenizer(
        models.WordLevel(
            {word: i for i, word in enumerate(special + WORDS)},
            unk_token=next(one for one in special if "unk" in one.lower()),
        )
    )
    made.normalizer, made.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
    if kind == "bert":
        made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
        named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    elif kind == "xlm":
        made.post_processor = processors.TemplateProcessing("<s> $A </s>", None, [("<s>", 0), ("</s>", 2)])
        named = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    else:
        made.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
        named = {"pad_token": "</s>" if kind == "siglip" else "<pad>", "unk_token": "<unk>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=made, **named).save_pretrained(folder)


SIGLIP = {
    "context_length": 16, "vocab_size": 64, "hf_tokenizer_name": "owner/words", "no_causal_mask": True,
    "proj_bias": True, "tokenizer_kwargs": {"clean": "canonicalize"}, "pool_type": "last", "norm_kwargs": {"eps": 1e-6},
}  # fmt: skip
CLIPA = {"context_length": 16, "vocab_size": 64, "hf_tokenizer_name": "owner/words", "no_causal_mask": True,
         "pool_type": "last", "tokenizer_kwargs": {"strip_sep_token": True}}  # fmt: skip
WORLDWIDE = {"context_length": 16, "vocab_size": 64, "hf_tokenizer_name": "owner/words", "pool_type": "eos"}
KINDS = {
    "siglip": ("siglip", {"custom_text": True, "init_logit_bias": -10, "text": SIGLIP}, 0),
    "clipa": ("bert", {"text": CLIPA}, 1),
    "worldwide": ("bert", {"text": WORLDWIDE | {"eos_id": 3}}, 1),
    "worldwide without a start": ("t5", {"text": WORLDWIDE | {"eos_id": 1}}, 0),
}


def write_backbone(folder, kind):
    """A backbone of this kind as a config beside its weights and tokenizer."""
    tokenizer, changes, _ = KINDS[kind]
    folder.mkdir(exist_ok=True)
    config = tiny.config(**{key: dict(one) if isinstance(one, dict) else one for key, one in changes.items()})
    write_tokenizer(folder, tokenizer)
    torch.manual_seed(0)
    clip = FrozenClip.build(config, tokens=str(folder), name="tiny")
    save_file(clip.model.state_dict(), folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(config))
    return folder / "model.json"


@pytest.fixture(params=KINDS)
def backbone(request, tmp_path):
    return request.param, write_backbone(tmp_path / "model", request.param)


def test_texts_are_read_as_open_clip_reads_them(backbone):
    kind, path = backbone
    clip = open_backbone(str(path), "cpu")
    assert clip.lead == KINDS[kind][2]
    assert len(clip.token_ids("a desk lamp")) == 3
    assert clip.token_count("a desk lamp") == 3 + clip.lead + 1
    read = clip.tokenize(NAMES)
    theirs = torch.nn.functional.normalize(clip.model.encode_text(read), dim=-1)
    assert (clip.encode_text(read) - theirs).abs().max() <= 1e-6
    starts = kind != "worldwide without a start"
    assert clip.capability.text == starts
    assert starts or "no start token" in clip.capability.no_text


@pytest.mark.parametrize("kind", ["siglip", "clipa", "worldwide"])
def test_prompts_equal_the_plain_way_with_their_gradients(tmp_path, kind):
    clip = open_backbone(str(write_backbone(tmp_path / "model", kind)), "cpu")
    read = clip.tokenize(NAMES)
    ours = (0.3 * torch.randn(1, 2, 3, clip.text_width, generator=torch.Generator().manual_seed(1))).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    a, b = clip.encode_text(read, ours), plain.encode_text(clip.model, read, theirs[0], clip.lead)
    assert (a - b).abs().max() <= 1e-5
    weights = torch.randn(a.shape, generator=torch.Generator().manual_seed(2))
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    assert (ours.grad - theirs.grad).abs().max() <= 1e-5 * theirs.grad.abs().max()
    zero = torch.zeros(1, 2, 3, clip.text_width)
    assert (clip.encode_text(read, zero, on_words=True) - clip.encode_text(read)).abs().max() <= 1e-6


def test_prompts_on_words_begin_at_the_first_word_where_there_is_no_start_token(tmp_path):
    clip = open_backbone(str(write_backbone(tmp_path / "model", "siglip")), "cpu")
    prompt, read = torch.zeros(1, 1, 1, clip.text_width), clip.tokenize(["red car"])
    prompt[..., 0] = 1.0
    shown = clip.encode_text(read, prompt, on_words=True)
    with torch.no_grad():
        row = clip.model.text.token_embedding.weight[clip.token_ids("red")[0]]
        place = clip.model.text.positional_embedding[0]
        row[0] += (row + place).pow(2).mean().sqrt()
    assert (clip.encode_text(read) - shown).abs().max() <= 1e-6


def test_the_tokenizer_is_part_of_the_digest(tmp_path):
    path = write_backbone(tmp_path / "model", "siglip")
    first = open_backbone(str(path), "cpu").digest
    shutil.copytree(path.parent, tmp_path / "moved")
    assert open_backbone(str(tmp_path / "moved" / "model.json"), "cpu").digest == first
    words = json.loads((path.parent / "tokenizer.json").read_text())
    words["model"]["vocab"]["wolf"] = 60
    (path.parent / "tokenizer.json").write_text(json.dumps(words))
    assert open_backbone(str(path), "cpu").digest != first


@pytest.mark.parametrize("name", [tokens.SETTINGS, "special_tokens_map.json", "added_tokens.json", "config.json"])
def test_every_file_that_a_tokenizer_may_need_is_part_of_the_digest(tmp_path, name):
    folder = tmp_path / "words"
    write_tokenizer(folder, "siglip")
    seen = [tokens.digests(folder, None)]
    for text in ("{}", '{"eos_token": "</s>"}'):
        (folder / name).write_text(text)
        seen.append(tokens.digests(folder, None))
    (folder / "README.md").write_text("no part of it")
    assert tokens.digests(folder, None) == seen[-1]
    assert seen[0] != seen[1] != seen[2]
    config = {"text_cfg": {"hf_tokenizer_name": "owner/words"}}
    assert (name,) in {files for _, files, _ in tokens.wanted(config)}


def test_a_tokenizer_that_is_not_here_or_not_sound_or_brings_code(tmp_path):
    path = write_backbone(tmp_path / "model", "siglip")
    settings, words = path.parent / tokens.SETTINGS, path.parent / "tokenizer.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"auto_map": {"AutoTokenizer": ["x.Y", None]}}))
    with pytest.raises(BackboneError, match=r"tokenizer_config\.json must be the settings of a tokenizer without code"):
        open_backbone(str(path), "cpu")
    settings.write_text("{}")
    words.write_text("{}")
    with pytest.raises(BackboneError, match="must be one that the transformers library loads, but is not"):
        open_backbone(str(path), "cpu")
    words.unlink()
    with pytest.raises(BackboneError, match="must have the files of the tokenizer 'owner/words', but has none"):
        open_backbone(str(path), "cpu")


def test_long_names_are_counted_in_the_backbones_own_tokens(tmp_path):
    path = write_backbone(tmp_path / "model", "siglip")
    said = list(too_long(str(path), [("art", ["fox", "fox " * 20], "a photo of a {}.")], 0))
    assert len(said) == 1
    assert "has 20 tokens, but template and prompts leave room for 11" in said[0]


ROBERTA = {
    "model_type": "roberta", "vocab_size": 64, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 32, "type_vocab_size": 1, "pad_token_id": 0,
}  # fmt: skip


def write_text_tower(folder):
    """A backbone whose text tower is a small RoBERTa, with the files of its tokenizer and its config beside it."""
    folder.mkdir(exist_ok=True)
    write_tokenizer(folder, "bert")
    (folder / "config.json").write_text(json.dumps(ROBERTA))
    config = tiny.config(custom_text=True)
    config["text_cfg"] = {"hf_model_name": "owner/words", "hf_tokenizer_name": "owner/words", "hf_proj_type": "mlp",
                          "hf_pooler_type": "mean_pooler", "context_length": 16}  # fmt: skip
    torch.manual_seed(0)
    clip = FrozenClip.build(config, tokens=str(folder), text_model=str(folder), name="tiny")
    save_file(clip.model.state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    return folder


def test_a_text_tower_of_the_transformers_library_has_image_prompts(tmp_path):
    clip = open_backbone(str(write_text_tower(tmp_path / "model")), "cpu")
    assert clip.capability.prompts == "image"
    assert clip.capability.no_text == "its text tower is Hugging Face's RobertaModel"
    read = clip.tokenize(NAMES)
    assert read.shape == (3, 16)
    theirs = torch.nn.functional.normalize(clip.model.encode_text(read), dim=-1)
    assert (clip.encode_text(read) - theirs).abs().max() <= 1e-6
    assert clip.token_count("a desk lamp") == 5
    with pytest.raises(ValueError, match="must fit the context of 16"):
        clip.encode_text(torch.cat([read, read], 1) + 5)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"model_type": "gpt2"}, "must be the config of a text tower of"), ({"auto_map": {}}, "without code of its own"),
     ({"num_hidden_layers": 10**9}, "must have num_hidden_layers from 1 to 200")],
)  # fmt: skip
def test_a_text_tower_that_is_not_to_be_trusted(tmp_path, change, why):
    folder = write_text_tower(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps(ROBERTA | change))
    with pytest.raises(BackboneError, match=why):
        locate(str(folder))


def test_pretrained_weights_are_here_when_their_tokenizer_is(tmp_path, monkeypatch):
    monkeypatch.setenv("MMAP_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    one = find_pretrained("ViT-L-16-SigLIP-256", "webli")
    one.target(one.files[0]).parent.mkdir(parents=True)
    one.target(one.files[0]).write_bytes(b"x")
    assert installed(one) is None
    write_tokenizer(tmp_path / "models" / "timm--ViT-B-16-SigLIP", "siglip")
    assert installed(one) == one.target(one.files[0])
    assert locate(one.name).tokens == tmp_path / "models" / "timm--ViT-B-16-SigLIP"


def test_without_the_library_a_backbone_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(architectures, "is_installed", lambda: False)
    assert "ViT-B-16-SigLIP2" in architectures.unsupported()
    with pytest.raises(BackboneError, match=r"its texts need the transformers library \(pip install 'mmap-studio\["):
        locate("ViT-B-16-SigLIP2:webli")
    assert "ViT-B-16" not in architectures.unsupported()


def test_what_download_fetches(monkeypatch):
    configs = architectures.configs()
    assert [must for *_, must in tokens.wanted(configs["ViT-B-16-SigLIP2"])] == [True, *(4 * [False])]
    assert {repository for repository, *_ in tokens.wanted(configs["ViT-L-14-CLIPA"])} == {"bert-base-uncased"}
    assert list(tokens.wanted(configs["roberta-ViT-B-32"]))[-1] == ("roberta-base", ("config.json",), True)
    assert list(tokens.wanted(configs["ViT-B-16"])) == []


def test_download_fetches_the_tokenizer_first_and_takes_what_there_is(tmp_path, monkeypatch):
    from mmap_studio.session.backbones import download

    monkeypatch.setenv("MMAP_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    one, asked = find_pretrained("ViT-L-16-SigLIP-256", "webli"), []
    there = {"tokenizer.json", "tokenizer_config.json", "open_clip_model.safetensors"}

    class Hub:
        retry = None

        def receive(self, ask, path):
            asked.append((*ask.args[:2],))
            if path.name not in there:
                raise download.FileMissingError("it has no such file (404)")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
            return path

    assert download._fetch(one, Hub()) == installed(one) == one.target("open_clip_model.safetensors")
    words = "timm/ViT-B-16-SigLIP"
    files = ("tokenizer.json", tokens.SETTINGS, "special_tokens_map.json", "added_tokens.json", "config.json")
    assert asked == [*((words, file) for file in files), (one.repository, "open_clip_model.safetensors")]
    asked.clear()
    assert download._fetch(one, Hub()) is not None
    assert asked == []
    shutil.rmtree(tmp_path / "models" / "timm--ViT-B-16-SigLIP")
    there.discard("tokenizer.json")
    with pytest.raises(
        BackboneError, match=r"has neither of tokenizer\.json, .*get tokenizer\.json of timm/ViT-B-16-S"
    ):
        download._fetch(one, Hub())
