"""What the window says where a sentence names an option of a command: its own control.

A refusal or a notice is written once, with the remedy that a command has. The window passes what it shows through
`in_window`. Where it has no control for an option, the sentence says that a command has it.
"""

import re

__all__ = ["in_window"]

_VALUE = r"""(?:'[^']*'|"[^"]*"|[^\s'",;.]|[,;.](?=\S))+"""
"""A value as `shlex.quote` writes it, without the sign that ends the clause."""
_COMMAND = r"`mmap-studio {}(?:'[^']*'|[^`'])*`"
_CLASSES, _SPLIT, _READ_AS = "Edit > Class names", "Edit > Split", "Read as in the import report"

_CONTROLS = tuple(
    (re.compile(pattern), control)
    for pattern, control in (
        (_COMMAND.format("new"), "Project > New from folders"),
        (_COMMAND.format("relocate") + ", or ([^,]+) in the window,", r"\1"),
        (rf"name it with --class {_VALUE}, or leave it out with --leave-out {_VALUE}",
         f"name it or leave it out in {_CLASSES}"),
        (rf"name one otherwise with --class {_VALUE}, or make them one with --merge {_VALUE}",
         f"name one otherwise, or make them one, in {_CLASSES}"),
        (rf"with --class {_VALUE}(?: or in project\.toml)?", f"in {_CLASSES}"),
        (r"--leave-out .+? (?=leaves it out)", f"{_CLASSES} "),
        (r"say --identity stem", f"choose Subjects by equal file names in {_SPLIT}"),
        (r"with --identity auto", f"with {_SPLIT}"),
        (r"with --fractions, --shots or --share", f"with {_SPLIT}"),
        (r"--follow-links (?=reads)", "Follow links in New project "),
        (r"ask for one with --layout (?=if)", f"choose one with {_READ_AS} "),
        (rf"--layout {_VALUE} (?=reads)|--layout (?=takes)", f"{_READ_AS} "),
        (rf"--label-column {_VALUE}(?= takes)", _READ_AS),
        (r", or name it with --label-column", " to class"),
        (r"name the one of the classes with --label-column", "rename the one of the classes to class"),
        (rf"\buse --layout ({_VALUE})", r"make the project with `mmap-studio new` and --layout \1"),
        (r"with --layout, such as", "with `mmap-studio new` and --layout, such as"),
        (r"one task after the other with --task", "one task after the other with `mmap-studio relocate` and --task"),
        (r"ask for less with --threads(?: or --device cpu)?", "ask for fewer threads in Run > Run on, or device cpu"),
        (r"for --device cuda", "for device cuda"),
    )
)  # fmt: skip


def in_window(text: str) -> str:
    """The text, with the window's control in place of each option of a command that it has one for."""
    if "--" not in text and "`mmap-studio" not in text:
        return text
    for pattern, control in _CONTROLS:
        text = pattern.sub(control, text)
    return text
