"""`cache`: list, verify and prune what was computed once. All of it can be computed again."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, say, table, tell, tell_json
from mmap_studio.formatting import counted, size

app = typer.Typer(help="List, verify and prune the cache.", no_args_is_help=True, rich_markup_mode=None)


@app.command("ls")
def ls(json: options.Json = False) -> None:
    """List the cached artifacts: kind, digest, date and size."""
    from mmap_studio.session.cache.user_cache import user_cache

    entries = user_cache(say).entries()
    if json:
        rows = [{"kind": e.kind, "digest": e.digest, "bytes": e.bytes, "modified": e.modified.isoformat(),
                 "path": str(e.path)} for e in entries]  # fmt: skip
        tell_json({"format": 1, "entries": rows})
        return
    lines = [[e.kind, e.digest[:16], f"{e.modified.astimezone():%Y-%m-%d %H:%M}", size(e.bytes)] for e in entries]
    if lines:
        tell(table([["kind", "digest", "made", "size"], *lines], left=3))
    tell(f"{counted(len(entries), 'artifact')}, {size(sum(entry.bytes for entry in entries))}")


@app.command("verify")
def verify(json: options.Json = False) -> None:
    """Read every artifact. Damaged files are set aside and made again when needed; exit code 1 if there are any."""
    from mmap_studio.session.cache.user_cache import user_cache

    told: list[str] = []
    here = user_cache(told.append)
    count, bad = len(here.entries()), here.verify()
    if json:
        tell_json({"format": 1, "artifacts": count, "damaged": [f"{e.kind}/{e.digest}" for e in bad], "messages": told})
    else:
        tell("\n".join([*told, f"{counted(count, 'artifact')} read, {len(bad)} damaged."]))
    if bad:
        raise typer.Exit(1)


@app.command("prune")
def prune(
    max_size: Annotated[str | None, typer.Option(metavar="SIZE", help="Keep at most this much: 500MB, 2GB.")] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="TIME", help="Remove what is older than this: 12h, 30d, 8w.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove everything.")] = False,
    json: options.Json = False,
) -> None:
    """Remove artifacts, the oldest first; damaged files that were set aside always go."""
    if max_size is None and older_than is None and not everything:
        raise UsageError("`cache prune` must be told what to remove: --max-size SIZE, --older-than TIME or --all.")
    limit = None if max_size is None else parse_size(max_size)
    age = None if older_than is None else parse_age(older_than)
    from mmap_studio.session.cache.user_cache import user_cache

    removed = user_cache(say).prune(limit, age, everything)
    freed = sum(entry.bytes for entry in removed)
    if json:
        tell_json({"format": 1, "removed": [f"{e.kind}/{e.digest}" for e in removed], "bytes": freed})
    else:
        tell(f"{counted(len(removed), 'artifact')} removed, {size(freed)} freed.")


@app.command("where")
def where() -> None:
    """Print the cache folder; the variable MMAP_STUDIO_CACHE names another one."""
    from mmap_studio.session.cache.user_cache import cache_folder

    tell(str(cache_folder()))


def parse_size(text: str) -> int:
    """Bytes of "2GB", "500 mb", "1000"; UsageError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.strip().lower())
    if match is None:
        raise UsageError(f"--max-size must be a size such as 500MB or 2GB. Got {text!r} instead.")
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(unit or " "))


def parse_age(text: str) -> timedelta:
    """A duration of "30d", "12h", "8w"; UsageError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if match is None:
        raise UsageError(f"--older-than must be a time such as 12h, 30d or 8w. Got {text!r} instead.")
    try:
        return timedelta(seconds=float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2]])
    except OverflowError:
        raise UsageError(f"--older-than must be a time such as 12h, 30d or 8w. Got {text!r} instead.") from None
