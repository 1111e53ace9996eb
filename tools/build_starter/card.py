"""The model card: what the backbone is, what it was trained on, what it can do, measured on the starter."""

import json
from pathlib import Path

from tools.build_starter.augment import REDRAWN, SIZE
from tools.build_starter.batches import EMOJI, ICONS
from tools.build_starter.captions import SHIFTED
from tools.build_starter.export import WEIGHTS_FILE, read_backbone
from tools.build_starter.former import SHA256
from tools.build_starter.former import STEPS as FORMER_STEPS
from tools.build_starter.sources import with_role
from tools.build_starter.train import STEPS
from tools.build_starter.zeroshot import linear_probe, text_head, zero_shot

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
By `python -m tools.build_starter backbone`, on one CPU core, with fixed seeds: {steps} steps of {batch} images with
captions ({emoji} emoji, {icons} icons), which went on from the weights of version 0.1.0 ({former} steps from scratch
on fewer sets, with words at the first positions only; SHA-256 {digest}...). The loss is CLIP's symmetric contrast,
leaving out captions that fit another image of the batch too, plus that of the batch's subgroups alone, plus that of a
linear read-out of the image features that names the class of an image and is thrown away afterwards. Images were
captioned with their names, tags and Unicode subgroups, alone or several together; in {shifted:.0%} of the captions
random vectors stand before the words, as many as there is room for at the most, so that every position is trained.
Class names were added to no caption, though some pictograms are called so ("clock"). All images are moved, scaled,
tinted and set on random grounds; {redrawn:.0%} of the coloured ones are redrawn with outlines or in ink alone. Hidden
matrices are trained with Muon, the rest with AdamW; warm-up, constant rate, decay.

Training sets, none of which is one of the six styles below:

{sources}

Classes and captions come from emojibase-data (MIT), so the pictograms of the six styles appear in training under the
same names, drawn by other hands: what is tested is another style, not another subject. Noto Emoji 1 is an earlier
design of the project behind the Noto style.

## What it can do
Top-1 accuracy on the {count} test pictograms of the starter in each style, {classes} classes, template "{template}";
always answering the largest class would give {chance:.3f}. The linear probe is a logistic regression (C = 10) on the
image features of the {train} training pictograms of the same style. The text head is one for all styles: a logistic
regression on the training pictograms of all six that starts at the class texts and is held to them, how strongly
chosen on the validation pictograms. Moved are the words when 8 or 16 random vectors stand before them, as untrained
prompts do (the mean of five draws). Float16 weights used in float32.

| style | n | zero-shot | moved by 8 | moved by 16 | linear probe | text head |
|---|---|---|---|---|---|---|
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
    measured = {
        "zero-shot": zero_shot(clip, out),
        "moved by 8": zero_shot(clip, out, moved=8),
        "moved by 16": zero_shot(clip, out, moved=16),
        "linear probe": linear_probe(clip, out),
        "text head": text_head(clip, out),
    }
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
        former=FORMER_STEPS,
        digest=SHA256[:12],
        shifted=SHIFTED,
        redrawn=REDRAWN,
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
    lines = [
        f"| {task} | {count} | " + " | ".join(f"{column[task]:.3f}" for column in measured.values()) + " |"
        for task in measured["zero-shot"]
    ]
    means = [sum(column.values()) / len(column) for column in measured.values()]
    return "\n".join([*lines, "| **mean** | | " + " | ".join(f"**{mean:.3f}**" for mean in means) + " |"])
