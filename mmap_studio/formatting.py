"""How numbers and names are written for users: durations, sizes, counts, percentages, differences, quoted names.

What is not known (None, NaN, infinity) is a dash. The window writes a true minus sign; the command line passes its own
ASCII signs, since a pipe on Windows may not encode the others (`cli.terminal.output`).
"""

import math
import os
import reprlib
import shlex
from collections.abc import Sequence
from typing import Any

SHOWN = 60
"""Letters of a wrong value that a sentence repeats."""
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = SHOWN
_BRIEF.maxlevel = 2
MISSING, MINUS = "–", "−"
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
          ">": r"\textgreater{}", "|": r"\textbar{}"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}  # fmt: skip
"""What a sign must be written as; all others stand for themselves."""


def duration(seconds: float | None) -> str:
    """How long something took: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``, ``1 d 06 h``."""
    if seconds is not None and 0 <= seconds < 9.95:
        return f"{seconds:.1f} s"
    return time_left(seconds)


def time_left(seconds: float | None) -> str:
    """How long something will take, which is never known to a tenth: as `duration`, in whole seconds."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if (minutes := round(whole / 60)) < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(whole / 3600)
    return f"{hours // 24} d {hours % 24:02d} h"


def size(count: float | None) -> str:
    """Bytes of a file or of memory, in powers of 1000: ``512 B``, ``1.3 kB``, ``949 MB``, ``20.0 GB``."""
    return _scaled(count, ("B", "kB", "MB", "GB", "TB"))


def short_count(count: float | None) -> str:
    """A large count where there is little room: ``414``, ``5.0 k``, ``149.6 M``, ``1.5 G``."""
    return _scaled(count, ("", "k", "M", "G", "T"), whole=1000)


def _scaled(count: float | None, units: tuple[str, ...], whole: float = 100) -> str:
    """The largest unit that leaves 1 or more, with one digit after the point below `whole` of it."""
    if count is None or not math.isfinite(count):
        return MISSING
    place = 0
    while abs(count) >= (999.5 if not place or whole < 1000 else 999.95) and place < len(units) - 1:
        count, place = count / 1000, place + 1
    digits = 1 if place and abs(count) < whole - 0.05 else 0
    return f"{count:,.{digits}f} {units[place]}".rstrip().replace("-", MINUS)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number and what it counts: ``1 image``, ``1,234 images``, ``2 classes``; `plural` where the rules do not do."""
    if number == 1:
        return f"1 {noun}"
    if not plural and noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        plural = f"{noun[:-1]}ies"
    hissed = noun.endswith(("s", "x", "ch", "sh")) and not noun.endswith("epoch")  # its ch is a k
    return f"{number:,} {plural or noun + ('es' if hissed else 's')}"


def percent(share: float | None, digits: int = 1, missing: str = MISSING) -> str:
    """A share of 1 in percent: ``82.1 %``."""
    return missing if share is None or not math.isfinite(share) else f"{fixed(100 * share, digits)} %"


def points(difference: float | None, digits: int = 1, missing: str = "", minus: str = MINUS) -> str:
    """A difference with its sign, such as that of two percentages: ``+2.3``, ``−0.4``; nothing where there is none."""
    if difference is None or not math.isfinite(difference):
        return missing
    text = fixed(difference, digits, minus=minus)
    return text if text.startswith(minus) else f"+{text}"


def fixed(value: float | None, digits: int = 1, missing: str = MISSING, minus: str = MINUS) -> str:
    """A value with so many digits after the point; never a negative zero."""
    if value is None or not math.isfinite(value):
        return missing
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", minus)


def number(value: float | None, figures: int = 3, minus: str = MINUS) -> str:
    """A value of any size, rounded to so many figures: ``2.41``, ``0.0032``, ``1e-05``, ``12,346``."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.{figures}g}"
    text = f"{value:,.0f}" if "e+" in text else text
    return text if "e" in text or not text.startswith("-") else text.replace("-", minus, 1)


def printable(name: object) -> str:
    """A name, safe to print: control signs, lone surrogates and bidi overrides are written as escapes."""
    text = str(name)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_lines(text: str) -> str:
    """As `printable`, with line ends and tabs left as they are: for a text that has lines of its own."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def markdown(text: str) -> str:
    """A text that Markdown shows as it is, on one line: no link, image, markup or end of a table's cell."""
    return "".join(f"\\{sign}" if sign in "\\|*_`[]<>" else sign for sign in printable(" ".join(text.split())))


def latex(text: str) -> str:
    """A text that LaTeX sets as it is, on one line."""
    return "".join(_LATEX.get(sign, sign) for sign in printable(" ".join(text.split())))


def code(text: str) -> str:
    """A text for between two backticks of Markdown."""
    return printable(text).replace("`", "'")


def shell_line(words: Sequence[str]) -> str:
    """Words as a shell reads them, and nothing else of them: a terminal acts on the control signs of what is pasted.

    Words with such signs are written as bash and zsh write them.
    """
    return " ".join(shlex.quote(word) if word.isprintable() else _ansi_c(word) for word in words)


def _ansi_c(word: str) -> str:
    """A word between ``$'`` and ``'``, where a byte may be two hexadecimal digits."""
    made = ""
    for sign in word:
        if sign.isprintable():
            made += f"\\{sign}" if sign in "\\'" else sign
        else:
            made += "".join(f"\\x{byte:02x}" for byte in os.fsencode(sign))
    return f"$'{made}'"


def shown(name: object) -> str:
    """A name in quotes, safe to print."""
    return f"'{printable(name)}'"


def shown_value(value: Any) -> str:
    """A wrong value for a sentence: as Python writes it, cut to a readable length before that takes long."""
    try:
        return printable(_BRIEF.repr(value))[:SHOWN]
    except ValueError:  # an integer with thousands of digits
        return type(value).__name__


def kind_of(value: object) -> str:
    """What a value is, where another kind was required: ``a list``, ``an int``."""
    name = type(value).__name__
    return f"{'an' if name[0].casefold() in 'aeiou' else 'a'} {name}"


def some(names: Sequence[object], limit: int = 5) -> str:
    """A list for a sentence: the first names, and how many more there are."""
    more = len(names) - limit
    listed = ", ".join(shown(name) for name in names[:limit])
    return f"{listed} and {more} more" if more > 0 else listed
