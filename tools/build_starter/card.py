"""The model card: what the backbone is, what it was trained on, what it can do, measured on the starter."""

import json
from pathlib import Path

from tools.build_starter.augment import SIZE
from tools.build_starter.batches import EMOJI, ICONS
from tools.build_starter.export import WEIGHTS_FILE, read_backbone
from tools.build_starter.sources import with_role
from tools.build_starter.train import STEPS
from tools.build_starter.zeroshot import linear_probe, zero_shot

CARD = """# Starter backbone

**A small model for trying MmAP Studio, not a CLIP for work.** It has seen pictograms and nothing else: no photographs,
no people, no scenes. Its words are the names of pictograms.

## What it is
An open_clip `CLIP` ({parameters:.1f} million parameters, {megabytes:.0f} MB in float16): images of {size} x {size}
pixels in 16-pixel patches, image tower of width 192 and 6 layers, text tower of width 128 and 4 layers, context 32,
CLIP's own tokenizer, joint width 192. `backbone.json` is its model config, with image mean and standard deviation;
`backbone.safetensors` holds the weights. Rows of the token table that training never saw are zero: of a word outside
its vocabulary the model knows nothing.

## How it was trained
From scratch, {steps} steps of {batch} images with captions ({emoji} emoji, {icons} icons), on one CPU core, by
`python -m tools.build_starter backbone`, with fixed seeds. The loss is CLIP's symmetric contrast, leaving out captions
that fit another image of the batch too, plus that of a linear read-out of the image features that names the class of
an image and is thrown away afterwards. Images were captioned with their names, tags and Unicode subgroups; class
names were added to no caption, though some pictograms are called so ("clock"). All images are moved, scaled, tinted
and set on random grounds. Hidden matrices are trained with Muon, the rest with AdamW; warm-up, constant rate, decay.

Training sets, none of which is one of the six styles below:

{sources}

Classes and captions come from emojibase-data (MIT), so the pictograms of the six styles appear in training under the
same names, drawn by other hands: what is tested is another style, not another subject. Noto Emoji 1 is an earlier
design of the project behind the Noto style.

## What it can do
Top-1 accuracy on the {count} test pictograms of the starter in each style, {classes} classes, template
"{template}"; always answering the largest class would give {chance:.3f}. The linear probe is a logistic regression
(C = 10) on the image features of the {train} training pictograms of the same style. Float16 weights used in float32.

| style | n | zero-shot | linear probe |
|---|---|---|---|
{rows}

With {count} pictograms the standard error of a cell is about {error:.2f}; the six styles share their pictograms, so
their errors are not independent. One training run, one seed.

## Limits
- Only pictograms on plain grounds. A photograph is far outside what it has seen.
- {known} whole words and word pieces are known; of the rest it knows nothing.
- Pictograms of people, flags and signs are simplified to one class each, and culture-bound as emoji are.
- Do not quote its accuracy as that of CLIP, nor use it to judge anything about people.

## Licence
The weights come under the licence of MmAP Studio. The images they were trained on are not shipped and keep their own
licences, which NOTICE names; some of them (EmojiOne 1) are CC-BY-SA.
"""


def write_card(out: Path) -> dict[str, dict[str, float]]:
    """Measure the backbone in `out` on the data in `out`; write MODEL_CARD.md; return the accuracies."""
    clip = read_backbone(out)
    document = json.loads((out / "data.json").read_text())
    table, template = document["pictograms"], document["template"]
    measured = {"zero-shot": zero_shot(clip, out), "linear probe": linear_probe(clip, out)}
    tested = [k for k, split in zip(table["class"], table["split"], strict=True) if split == "test"]
    mean = sum(measured["zero-shot"].values()) / len(document["tasks"])
    text = CARD.format(
        parameters=sum(p.numel() for p in clip.parameters()) / 1e6,
        megabytes=(out / WEIGHTS_FILE).stat().st_size / 1e6,
        size=SIZE,
        steps=STEPS,
        batch=EMOJI + ICONS,
        emoji=EMOJI,
        icons=ICONS,
        sources=sources(),
        count=len(tested),
        classes=len(document["classes"]),
        template=template,
        train=table["split"].count("train"),
        chance=max(map(tested.count, tested)) / len(tested),
        rows=rows(measured, len(tested)),
        error=(mean * (1 - mean) / len(tested)) ** 0.5,
        known=int((clip.token_embedding.weight.abs().sum(1) > 0).sum()),
    )
    (out / "MODEL_CARD.md").write_text(text)
    return measured


def sources() -> str:
    """The training sets as a list in Markdown."""
    packages = (*with_role("emoji"), *with_role("icons"))
    return "\n".join(f"- [{p.title}]({p.home}), {p.authors}, {p.licence}" for p in packages)


def rows(measured: dict[str, dict[str, float]], count: int) -> str:
    """The table's rows in Markdown, a style each, and their mean."""
    zero, probe = measured["zero-shot"], measured["linear probe"]
    lines = [f"| {task} | {count} | {zero[task]:.3f} | {probe[task]:.3f} |" for task in zero]
    means = [sum(column.values()) / len(column) for column in (zero, probe)]
    return "\n".join([*lines, "| **mean** | | **{:.3f}** | **{:.3f}** |".format(*means)])
