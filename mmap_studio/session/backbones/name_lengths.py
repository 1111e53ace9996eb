"""Class names that are longer than a backbone reads, known before it is built: from its config and CLIP's tokenizer.

A token is at least one byte, so names of few bytes need no tokenizer: loading it takes seconds, and most projects have
no long name.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmap_studio.formatting import counted, shown
from mmap_studio.session.backbones.resolve import locate


def too_long(
    backbone: str, tasks: Iterable[tuple[str, Sequence[str], str]], prompt_tokens: int, near: Path | None = None
) -> Iterator[str]:
    """One sentence for every class that a run would refuse as too long.

    tasks : name, class names and template of each   prompt_tokens : that are inserted among those of the text

    BackboneError where the name or its config cannot be used.
    """
    source = locate(backbone, near)
    config = source.config
    context = int(config["text_cfg"].get("context_length", 77))
    for task, names, template in tasks:
        around = template.replace("{}", "")
        if all(len(f"{around}{name}".encode()) + 2 + prompt_tokens <= context for name in names):
            continue
        from mmap_studio.method.clip.factory import build_tokenizer, ends, token_count

        tokenizer = build_tokenizer(config, backbone, str(source.tokens or ""))
        room = context - sum(ends(tokenizer)) - token_count(tokenizer, around) - prompt_tokens
        for name in names:
            count = token_count(tokenizer, name)
            if count > max(room, 0):
                yield (
                    f"Task {shown(task)}: class {shown(name)} has {counted(count, 'token')}, but template and prompts "
                    f"leave room for {max(room, 0)}; shorten the name with --class NAME=TEXT."
                )
