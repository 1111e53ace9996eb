"""The way into a data set: survey a folder, an archive or a table, and say which layout it has.

Lists are taken before the folders they are about, because they say more: which image is for what. A table in the
folder is taken when folders alone give nothing, or when it says which image is for what. What would fit as well is in
`Survey.others`; any of them can be asked for by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mmap_studio.data.domains import Survey, class_notices
from mmap_studio.data.file_kinds import TABLES, is_parquet, resolved
from mmap_studio.data.folders import existing, survey_tree
from mmap_studio.data.layouts import AUTO, TREES, check_layout
from mmap_studio.data.listing import DEPTH, TOO_DEEP, Folder, ListedImage, Walk, every_image
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.image_columns import has_images
from mmap_studio.data.tables.image_tables import read_tables
from mmap_studio.data.tables.lists import list_folders, read_lists
from mmap_studio.data.tables.manifests import is_manifest, read_manifest
from mmap_studio.data.tables.parquet import opened, opens
from mmap_studio.data.tables.rows import Rows, domain_of
from mmap_studio.data.tables.shards import check_shards, missing_shards
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown, some

DEEPER = 5
"""Folders below the root in which images named by lists are looked for."""
Tick = Callable[[int], None]


def survey(root: str | Path, layout: str = AUTO, tick: Tick | None = None) -> Survey:
    """Find the domains of what is at `root`, read as `layout`; no image is opened.

    root : a folder, a zip or tar file, or a CSV or Parquet table   layout : a name of `layouts.LAYOUTS`, or auto
    tick : called with the number of images found so far; what it raises ends the survey

    Raises DataError when there is nothing to work with, and when the layout that was asked for does not fit.
    """
    name, which = check_layout(layout)
    path = Path(root)
    if path.suffix.lower() in TABLES and path.is_file():
        path = resolved(path)
        if has_images(path):
            return _by_tables(path.parent, f"parquet:{path.name}", [path.name], tick)
        return _by_rows(path.parent, f"manifest:{path.name}", _walked(path.parent, tick, DEEPER))
    path = existing(path)
    by_rows = name in ("lists", "manifest", "parquet")
    walked = _walked(path, tick, DEEPER if by_rows else DEPTH)
    if by_rows:
        wanted = _offers(path, walked[0].texts)
        if name == "parquet" and which:
            _refuse_unopened(path, [text for text in walked[0].texts if text == which])
            wanted = [f"parquet:{text}" for text in _image_tables(path, walked[0].texts)]
        which = _chosen(path, layout, [other for other in wanted if other.partition(":")[0] == name])
        return _by_rows(path, which, walked)
    if name in TREES:
        return survey_tree(path, *walked, name)
    return _recognised(path, walked, tick)


def _walked(root: Path, tick: Tick | None, depth: int) -> tuple[Walk, Folder]:
    """The tree below a root; archives are looked into where folders hold no images."""
    walk = Walk(root, tick, archives=root.is_file())
    tree = walk.read(depth=depth)
    if not walk.images and walk.archives and not root.is_file():
        walk = Walk(root, tick, archives=True)
        tree = walk.read(depth=depth)
    return walk, tree


def _deeper(root: Path, walked: tuple[Walk, Folder], tick: Tick | None) -> tuple[Walk, Folder]:
    """With the folders that only lists look into; the same walk where there are none."""
    too_deep = any(one.reason == TOO_DEEP for one in walked[0].skipped)
    return _walked(root, tick, DEEPER) if too_deep else walked


def _offers(root: Path, texts: list[str]) -> list[str]:
    """The layouts by lists and tables that a root has: `lists:FOLDER`, `manifest:FILE`."""
    lists = [f"lists:{folder or '.'}" for folder in list_folders(texts)]
    image_tables = _image_tables(root, texts)
    others = [text for text in texts if text.lower().endswith(TABLES) and text not in image_tables]
    tables = [f"manifest:{text}" for text in others if is_manifest(root / text)]
    return [*lists, *(["parquet"] if image_tables else []), *tables]


def _image_tables(root: Path, texts: list[str]) -> list[str]:
    return sorted(text for text in texts if is_parquet(text) and has_images(root / text))


def _damaged(root: Path, texts: list[str]) -> list[str]:
    tables = sorted(text for text in texts if is_parquet(text))
    return [text for text in tables if not opens(root / text)]


def _chosen(root: Path, layout: str, offers: list[str]) -> str:
    if layout in offers or (":" not in layout and len(offers) == 1):
        return layout if layout in offers else offers[0]
    there = some(offers, 8) or "no list file <domain>_train.txt and no table of images"
    raise DataError(
        f"Folder {shown(root)} cannot be read as layout {shown(layout)}: there is {there}; name one that is there."
    )


def _recognised(root: Path, walked: tuple[Walk, Folder], tick: Tick | None) -> Survey:
    offers = _offers(root, walked[0].texts)
    by_folders = _tried(lambda: survey_tree(root, *walked))
    by_rows = _tried(lambda: _by_rows(root, offers[0], _deeper(root, walked, tick))) if len(offers) == 1 else None
    others = (*((by_folders.layout, *by_folders.others) if isinstance(by_folders, Survey) else ()), *offers)
    says_more = isinstance(by_rows, Survey) and any(domain.has_given_split for domain in by_rows.domains)
    if isinstance(by_rows, Survey) and (isinstance(by_folders, DataError) or says_more):
        return replace(by_rows, others=tuple(other for other in others if other != by_rows.layout))
    if isinstance(by_folders, DataError):
        if not offers:
            _refuse_unopened(root, walked[0].texts)
        raise by_rows if isinstance(by_rows, DataError) else _ambiguous(root, offers, by_folders)
    notices = by_folders.notices
    if isinstance(by_rows, DataError):
        notices = (f"{offers[0]} was not used: {by_rows}", *notices)
    elif len(offers) > 1:
        notices = (
            f"There are {some(offers, 8)}; ask for one with --layout if it is to say what is for what.",
            *notices,
        )
    return replace(by_folders, notices=notices, others=tuple(other for other in others if other != by_folders.layout))


def _refuse_unopened(root: Path, texts: list[str]) -> None:
    """DataError where all there is are Parquet tables, which may need pyarrow or be damaged."""
    for text in sorted(texts):
        if is_parquet(text):
            opened(root / text)


def _tried(attempt: Callable[[], Survey]) -> Survey | DataError:
    try:
        return attempt()
    except DataError as error:
        return error


def _ambiguous(root: Path, offers: list[str], error: DataError) -> DataError:
    if len(offers) < 2:
        return error
    return DataError(
        f"Folder {shown(root)} can be read in several ways ({some(offers, 8)}); ask for one with --layout."
    )


def _by_rows(root: Path, layout: str, walked: tuple[Walk, Folder]) -> Survey:
    """As the lists or the table that `layout` names; for domains that do not lie open, archives are looked into."""
    walk, tree = walked
    if layout == "parquet":
        return _by_tables(root, layout, _image_tables(root, walk.texts), walk.tick, _damaged(root, walk.texts))
    if layout.startswith("parquet:"):
        return _by_tables(root, layout, [layout.partition(":")[2]], walk.tick)
    images = {image.path: image for image in every_image(tree)}
    found, why = _rows(root, layout, walk, images)
    if walk.archives and not walk.unpacks and not all(rows.lie_in(images) for rows in found):
        walk = Walk(root, walk.tick, archives=True)
        images = {image.path: image for image in every_image(walk.read(depth=DEEPER))}
        found, why = _rows(root, layout, walk, images)
    return _survey(root, layout, why, found, images, walk.unpacks, walk.tick)


def _by_tables(root: Path, layout: str, tables: list[str], tick: Tick | None, damaged: Sequence[str] = ()) -> Survey:
    tick = tick or (lambda images: None)
    check_shards(damaged, tables)
    found, images, skipped = read_tables(root, tables, tick)
    if not found:
        raise DataError(f"Table {shown(tables[0])} must have rows with a class, but has none; name another.")
    why = f"The images are in {counted(len(tables), 'table')}: {some(tables, 3)}."
    skipped += [Skipped(path, "it is no whole Parquet file") for path in damaged]
    whole = _survey(root, layout, why, found, images, True, tick, skipped)
    return replace(whole, notices=(*missing_shards(root, tables), *whole.notices))


def _rows(root: Path, layout: str, walk: Walk, images: Mapping[str, ListedImage]) -> tuple[list[Rows], str]:
    name, _, which = layout.partition(":")
    tick = lambda: walk.tick(len(images))  # noqa: E731
    if name == "manifest":
        return read_manifest(root / which, images, tick), f"Table {shown(which)} has columns for path and class."
    paths = list_folders(walk.texts)[which.removeprefix(".")]
    why = f"{counted(len(paths), 'list file names', 'list files name')} images and their classes: {some(paths, 3)}."
    return read_lists(root, paths, images, tick), why


def _survey(
    root: Path, layout: str, why: str, found: list[Rows], images: Mapping[str, ListedImage], packed: bool, tick: Tick,
    unusable: Sequence[Skipped] = (),
) -> Survey:  # fmt: skip
    """Domains from rows; of the other files only their number is told. DataError where no domain has its images."""
    domains, notices, skipped = [], list[str](), list(unusable)
    here = [rows for rows in found if rows.lie_in(images)]
    for rows in here or found:
        domain, said, gone = domain_of(rows, root, images, packed, lambda: tick(len(images)))
        domains.append(domain)
        notices += said
        skipped += gone
    notices += [_left_out(rows) for rows in found if rows not in here]
    unused = len(images) - len({path for domain in domains for path in domain.files.paths()})
    notices += [f"{counted(unused, 'image is', 'images are')} named nowhere, and not used."] if unused else []
    return Survey(root, tuple(domains), (*notices, *class_notices(domains)), tuple(skipped), layout, why)


def _left_out(rows: Rows) -> str:
    images = counted(len(rows.rows), "image")
    return (
        f"Domain {shown(rows.task)} was left out: {rows.where} names {images}, such as {shown(rows.rows[0].path)}, but "
        "none of them is there."
    )
