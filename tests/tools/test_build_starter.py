"""The tool that makes the starter, without npm, network or long training."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.lazy import imported_later
from tools.build_starter.classes import OTHER_CLASSES, SMALLEST_CLASS, TASK_CLASSES, Pictogram, class_of_subgroup
from tools.build_starter.config import MODEL
from tools.build_starter.data import TASKS, split
from tools.build_starter.former import former_weights
from tools.build_starter.notice import notice
from tools.build_starter.nouns import MORE_NOUNS, find_class, is_pictorial, noun_classes, words_of
from tools.build_starter.packages import plain_code
from tools.build_starter.sheets import coarsen, read_sheet, write_sheet
from tools.build_starter.sources import PACKAGES, with_role

with imported_later():
    import torch
    from open_clip.tokenizer import SimpleTokenizer

    from mmap_studio.method.clip import FrozenClip
    from tools.build_starter import train as training
    from tools.build_starter.augment import SIZE, augment, redraw
    from tools.build_starter.batches import Corpus
    from tools.build_starter.captions import CLASSES, CONTEXT, TEMPLATES, Captions, make_captions
    from tools.build_starter.export import read_backbone, write_backbone
    from tools.build_starter.model import encode_text, expand_state, make_clip, make_for_training
    from tools.build_starter.muon import orthogonalise
    from tools.build_starter.objective import draw_fillers, encode_texts, losses
    from tools.build_starter.zeroshot import fit_head

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "resources/starter"
SIDE = 24  # pixels of the tiny corpus's drawings
CONCEPTS = [
    {"names": ["red square"], "tags": ["box"], "subgroup": "geometric", "class_name": "shape"},
    {"names": ["green stripe"], "tags": ["lawn"], "subgroup": "plant-other", "class_name": "plant"},
    {"names": ["blue field"], "tags": ["sea"], "subgroup": "sky-weather", "class_name": "weather"},
    {"names": ["black corner"], "tags": [], "subgroup": "", "class_name": ""},
    {"names": ["black cross"], "tags": [], "subgroup": "", "class_name": ""},
]


@pytest.fixture
def corpus(tmp_path: Path) -> "Corpus":
    """Three emoji drawn by two sets each, two icons in one colour."""
    images = np.zeros((8, SIDE, SIDE, 4), np.uint8)
    for concept, (rows, columns) in enumerate(
        [(slice(6, 18), slice(6, 18)), (slice(10, 14), slice(None)), (slice(12, None), slice(None))]
    ):
        images[2 * concept : 2 * concept + 2, rows, columns, 3] = 255
        images[2 * concept, rows, columns, concept] = 255  # one set in colour, the other in black
    images[6, :8, :8, 3] = images[7, 11:13, :, 3] = images[7, :, 11:13, 3] = 255
    np.save(tmp_path / "images.npy", images)
    rows = [[k // 2, "emoji", k % 2 == 1] for k in range(6)]
    rows += [[3, "icon", True], [4, "icon", True]]
    (tmp_path / "corpus.json").write_text(json.dumps({"concepts": CONCEPTS, "rows": rows}))
    return Corpus(tmp_path, emoji=3, icons=2)


def test_every_subgroup_belongs_to_one_class():
    tables = [*TASK_CLASSES.values(), *OTHER_CLASSES.values()]
    subgroups = [subgroup for subgroups in tables for subgroup in subgroups]
    assert len(subgroups) == len(set(subgroups)) == len(class_of_subgroup())
    assert not TASK_CLASSES.keys() & OTHER_CLASSES.keys()


def test_bundled_tasks_have_the_classes_and_enough_pictograms_in_every_split():
    document = json.loads((BUNDLED / "data.json").read_text())
    assert document["classes"] == list(TASK_CLASSES)
    assert [task["name"] for task in document["tasks"]] == [name for _, name, _ in TASKS]
    table = document["pictograms"]
    assert len(set(table["code"])) == len(table["code"])
    assert min(np.bincount(table["class"])) >= SMALLEST_CLASS
    assert table["split"] == split([document["classes"][k] for k in table["class"]])


def test_split_is_stratified_and_keeps_the_distribution():
    parts = np.array(split(["few"] * 10 + ["many"] * 100))
    counts = [[int((part == name).sum()) for name in ("train", "val", "test")] for part in (parts[:10], parts[10:])]
    assert counts == [[6, 1, 3], [60, 10, 30]]


def test_codes_compare_without_variation_selectors():
    assert plain_code("2764-FE0F-200D-1F525") == "2764-200d-1f525"


def test_icon_names_point_to_classes():
    nouns = noun_classes([Pictogram("1f436", "dog face", (), "animal-mammal"), Pictogram("2b06", "up", (), "arrow")])
    assert words_of("dog-side-outline-24") == ["dog", "side"]
    assert find_class(words_of("dog-side-outline"), nouns) == ("animal-mammal", "mammal")
    assert find_class(["guard", "dogs"], nouns) == ("animal-mammal", "mammal")
    assert find_class(["quantum", "flux"], nouns) == ("", "")
    assert "up" not in nouns
    assert is_pictorial(["guard", "dog"])
    assert not is_pictorial(["arrow", "left"])
    assert MORE_NOUNS.keys() <= class_of_subgroup().keys()


def test_captions_are_what_the_tokenizer_says():
    captions = make_captions(CONCEPTS)
    phrase, tag = captions.of_concept[1][0][0], captions.of_concept[1][1][0]
    template = TEMPLATES.index("a picture of a {}.")
    for shift in range(0, 17, 8):
        row, found = write_at(captions, (phrase, tag), template, shift)
        words = np.concatenate([row[:1], row[1 + found :]])
        expected = SimpleTokenizer(context_length=CONTEXT)(["a picture of a green stripe, lawn."])[0]
        length = int(expected.argmax()) + 1
        np.testing.assert_array_equal(captions.used[words[:length]], expected[:length])
    assert "weather" not in captions.phrases, "class names must be in no caption of their own accord"
    classes = [CLASSES[k] if k >= 0 else None for k in captions.class_of_concept]
    assert classes == ["shape", "plant", "weather", None, None]


def write_at(captions: "Captions", phrases: tuple[int, ...], template: int, least: int) -> tuple[np.ndarray, int]:
    """A caption whose words are moved by at least `least`: the first of many draws."""
    draws = (captions.write(phrases, template, np.random.default_rng(seed)) for seed in range(1000))
    return next((row, shift) for row, shift in draws if shift >= least)


def test_captions_fill_the_context_and_never_overflow():
    captions = make_captions([{"names": ["very " * 40], "tags": ["red", "blue"], "subgroup": "", "class_name": ""}])
    long, red, blue = range(3)
    rng = np.random.default_rng(0)
    for template in range(len(TEMPLATES)):
        row, shift = captions.write((long, red), template, rng)
        assert (shift, row[-1]) == (0, captions.end)
    ends = {int(captions.write((red, blue), template, rng)[0].argmax()) for template in range(3) for _ in range(300)}
    assert max(ends) == CONTEXT - 1
    assert len(ends) > 20, "captions of all lengths"


def test_sheet_round_trip(tmp_path: Path):
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3)).astype(np.uint8)
    write_sheet(images, tmp_path / "sheet.webp", columns=3)
    cells = read_sheet(tmp_path / "sheet.webp", 6, 8)
    np.testing.assert_array_equal(cells[:5], images)
    assert (cells[5] == 255).all()


def test_coarse_colours_keep_black_and_white_and_stay_near():
    colours = np.arange(256, dtype=np.uint8)
    coarse = coarsen(colours)
    assert (coarse[0], coarse[255], len(np.unique(coarse))) == (0, 255, 64)
    assert np.abs(coarse.astype(int) - colours).max() <= 2


def test_compact_tokens_and_cut_texts_are_exact():
    captions = make_captions(CONCEPTS)
    clip = make_for_training(len(captions.used), seed=0).eval()
    rows = [write_unmoved(captions, captions.of_concept[k][0][0]) for k in range(len(CONCEPTS))]
    whole = make_clip().eval()
    whole.load_state_dict(expand_state(clip.state_dict(), captions.used))
    texts = [TEMPLATES[0].format(concept["names"][0]) for concept in CONCEPTS]
    with torch.no_grad():
        plain = whole.encode_text(SimpleTokenizer(context_length=CONTEXT)(texts))
        torch.testing.assert_close(encode_text(clip, torch.from_numpy(np.stack(rows))), plain, rtol=1e-5, atol=1e-5)
    unseen = np.setdiff1d(np.arange(MODEL["text_cfg"]["vocab_size"]), captions.used)
    assert whole.token_embedding.weight[unseen].abs().max() == 0


def write_unmoved(captions: "Captions", phrase: int) -> np.ndarray:
    """A caption in the first template, at its place."""
    draws = (captions.write((phrase,), 0, np.random.default_rng(seed)) for seed in range(1000))
    return next(row for row, shift in draws if shift == 0)


@pytest.mark.parametrize(("count", "depth"), [(1, 1), (16, 1), (16, 3), (8, 4)])
def test_vectors_before_the_words_are_the_prompts_that_the_studio_puts_there(count: int, depth: int):
    torch.manual_seed(0)
    clip = make_clip().eval()
    tokens = SimpleTokenizer(context_length=CONTEXT)(["an icon of a musical instrument.", "an icon of a bird."])
    prompts = torch.randn(depth, count, MODEL["text_cfg"]["width"])
    moved = torch.zeros_like(tokens)
    moved[:, 0], moved[:, 1 + count :] = tokens[:, 0], tokens[:, 1 : CONTEXT - count]
    fillers = [torch.zeros(2, CONTEXT, MODEL["text_cfg"]["width"]) for _ in range(MODEL["text_cfg"]["layers"])]
    for layer in range(depth):
        fillers[layer][:, 1 : 1 + count] = prompts[layer]
    frozen = FrozenClip(clip, SimpleTokenizer(context_length=CONTEXT), "drawn")
    with torch.no_grad():
        found = encode_text(clip, moved, fillers, torch.full((2,), count))
        wanted = frozen.encode_text(tokens, prompts[None], torch.zeros(2, dtype=torch.long))
    torch.testing.assert_close(found / found.norm(dim=1, keepdim=True), wanted, rtol=1e-4, atol=1e-5)


def test_texts_come_back_in_order_whatever_their_length(corpus: "Corpus"):
    clip, batch = make_for_training(len(corpus.captions.used), seed=0).eval(), corpus.batch(1, 3)
    with torch.no_grad():
        together = encode_texts(clip, [batch.texts, batch.kinds], torch.Generator().manual_seed(4))
        fillers = draw_fillers(clip, len(together), torch.Generator().manual_seed(4))
        tokens = torch.from_numpy(np.concatenate([batch.texts.tokens, batch.kinds.tokens]))
        shifts = torch.from_numpy(np.concatenate([batch.texts.shifts, batch.kinds.shifts]))
        torch.testing.assert_close(together, encode_text(clip, tokens, fillers, shifts), rtol=1e-5, atol=1e-5)


def test_training_goes_on_from_weights_and_draws_the_words_they_lack(corpus: "Corpus", tmp_path: Path):
    former = {**make_clip().state_dict()}
    table = torch.zeros_like(former["token_embedding.weight"])
    known = corpus.captions.used[::2]
    table[known] = torch.randn(len(known), table.shape[1])
    write_backbone({**former, "token_embedding.weight": table}, tmp_path)
    trainer = training.Trainer(corpus)
    drawn = trainer.clip.token_embedding.weight.detach().clone()
    trainer.start_from(tmp_path / "backbone.safetensors", steps=9)
    found = trainer.clip.token_embedding.weight
    assert torch.equal(found[::2], table[known].half().float())
    assert torch.equal(found[1::2], drawn[1::2])
    assert torch.equal(trainer.clip.text_projection, former["text_projection"].half().float())
    assert trainer.before == 9


def test_a_run_broken_off_is_ended_sooner_by_fewer_steps():
    assert [training.rate(step, 10_000) for step in range(500)] == [training.rate(step, 1000) for step in range(500)]


def test_other_weights_are_no_start(tmp_path: Path):
    (tmp_path / "former.safetensors").write_bytes(b"other")
    with pytest.raises(RuntimeError, match="must have the SHA-256 d29a069c902a, but has"):
        former_weights(ROOT, tmp_path / "former.safetensors")


def test_a_text_head_starts_at_the_texts_and_learns():
    generator = torch.Generator().manual_seed(0)
    images, target = torch.randn(60, 5, generator=generator), torch.arange(60) % 3
    text = torch.randn(3, 5, generator=generator)
    held, bias = fit_head(text, images, target, strength=1e6)
    torch.testing.assert_close(held, text, rtol=0, atol=1e-3)
    free, _ = fit_head(text, images + 3 * torch.eye(5)[target], target, strength=1e-4)
    assert (free - text).abs().max() > 0.1
    assert bias.abs().max() < 1e-3


def test_backbone_round_trip_is_rounded_to_half(tmp_path: Path):
    torch.manual_seed(0)
    state = make_clip().state_dict()
    write_backbone(state, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backbone.json", "backbone.safetensors"]
    for name, tensor in read_backbone(tmp_path).state_dict().items():
        assert torch.equal(tensor, state[name].half().float()), name


def test_orthogonalised_matrices_have_singular_values_near_one():
    torch.manual_seed(0)
    for shape in ((2, 32, 32), (2, 64, 16), (2, 16, 64)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert values.min() > 0.2
        assert values.max() < 1.3


def test_learning_rate_rises_stays_and_falls_to_nothing():
    rates = [training.rate(step, 1000) for step in range(1000)]
    level = 1000 - 333  # a third is the most that the fall takes
    assert rates[0] < rates[50] < rates[training.WARMUP] == rates[level] == 1
    assert rates[999] < 0.01
    assert np.all(np.diff(rates[level:]) <= 0)
    long = [training.rate(step, training.STEPS) for step in range(training.STEPS)]
    assert sum(rate < 1 for rate in long[training.WARMUP :]) == training.DECAY_STEPS - 1


def test_batches_repeat_and_know_which_captions_fit_twice(corpus: "Corpus"):
    first, again = corpus.batch(1, 7), corpus.batch(1, 7)
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.texts.tokens, again.texts.tokens)
    assert sorted(corpus.concept[first.rows]) == [0, 1, 2, 3, 4]
    assert not first.also.any()  # five concepts that share no word
    start = corpus.batch(1, 0)
    assert start.mild.all()
    subgroups = {0: "geometric", 1: "plant other", 2: "sky weather"}
    for concept, kind in zip(corpus.concept[first.rows], first.kind, strict=True):
        words = first.kinds.tokens[kind] if kind >= 0 else np.zeros(0, int)
        phrase = corpus.captions.phrases.index(subgroups[concept]) if concept in subgroups else None
        assert (phrase is None) == (kind < 0), "two icons have no subgroup"
        assert phrase is None or set(corpus.captions.tokens[phrase]) <= set(words)
    assert not corpus.batch(1, 0, before=training.FORMER_STEPS).mild.all()
    drawn = {row for step in range(8) for row in corpus.batch(1, step).rows}
    assert drawn == set(range(8)), "every drawing of a concept must come up"


def test_redrawn_images_are_ink_or_have_outlines(corpus: "Corpus"):
    x = torch.from_numpy(np.array(corpus.images)).permute(0, 3, 1, 2).float() / 255
    chosen = torch.tensor([1.0, 0, 1, 0, 1, 0, 0, 0]).view(8, 1, 1, 1)
    changed = False
    for seed in range(20):
        rgb, alpha = redraw(x[:, :3], x[:, 3:], chosen, torch.Generator().manual_seed(seed))
        assert rgb.min() >= 0
        assert rgb.max() <= 1
        assert alpha.max() <= 1
        assert torch.equal(rgb[1::2], x[1::2, :3]), "those not chosen stay"
        changed |= not torch.equal(rgb[0], x[0, :3])
    assert changed


def test_mild_images_lie_on_white(corpus: "Corpus"):
    images, plain = torch.from_numpy(np.array(corpus.images)), torch.from_numpy(corpus.plain)
    x = augment(images, plain, torch.ones(8, dtype=torch.bool), torch.Generator().manual_seed(0))
    assert x.shape == (8, 3, SIZE, SIZE)
    assert x.amin() >= -1.001
    assert x.amax() <= 1.001
    assert torch.equal(x[:2, :, 1, 1], torch.ones(2, 3))  # beside the square


def test_training_lowers_the_loss(corpus: "Corpus", monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training, "WARMUP", 1)
    trainer = training.Trainer(corpus)

    def loss() -> float:
        with torch.no_grad():
            batch, generator = corpus.batch(1, 0), torch.Generator().manual_seed(0)
            return float(sum(losses(trainer.clip, trainer.readout, corpus, batch, generator)))

    before = loss()
    for _ in range(6):
        trainer.step(1000)
    assert loss() < 0.9 * before


def test_resumed_training_is_the_same_training(corpus: "Corpus", tmp_path: Path):
    whole, resumed = training.Trainer(corpus), training.Trainer(corpus)
    for _ in range(2):
        whole.step(10)
    whole.save(tmp_path / "checkpoint.pt")
    resumed.load(tmp_path / "checkpoint.pt")
    whole.step(10)
    resumed.step(10)
    assert whole.done == resumed.done == 3
    for name, tensor in whole.clip.state_dict().items():
        assert torch.equal(tensor, resumed.clip.state_dict()[name]), name


def test_notice_names_every_set():
    assert (ROOT / "NOTICE").read_text() == notice()
    assert all(package.title in notice() and package.home in notice() for package in PACKAGES)
    listed = {line.split()[0] for line in notice().partition("\nLICENCES\n")[2].splitlines() if line}
    assert listed == {package.licence for package in PACKAGES}


def test_no_task_style_is_trained_on():
    trained = {package.name for role in ("emoji", "icons") for package in with_role(role)}
    assert not trained & {package for _, _, package in TASKS}
    assert {package.name for package in with_role("task")} == {package for _, _, package in TASKS}
