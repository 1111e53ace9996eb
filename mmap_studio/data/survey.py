"""The way into a data set: survey a folder, an archive or a table, and say which layout it has.

Lists are taken before the folders they are about, because they say more: which image is for what. A table in the
folder is taken when folders alone give nothing, when it says which image is for what, or when its classes are others
than the folders'. What would fit as well is in `Survey.others`; any of them can be asked for by name.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from mmap_studio.data.archives.split_zips import halves
from mmap_studio.data.domains import Domain, Survey, class_notices
from mmap_studio.data.file_kinds import TABLES, TEXTS, is_columnar
from mmap_studio.data.file_table import FileTable
from mmap_studio.data.folders import existing, survey_folders, survey_tree
from mmap_studio.data.id_names import with_names
from mmap_studio.data.layouts import AUTO, TREES, check_layout, parted
from mmap_studio.data.listing import DEEPER, DEPTH, NO_IMAGE, Folder, ListedImage, Walk, every_image
from mmap_studio.data.paths import resolved
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.image_columns import has_images
from mmap_studio.data.tables.image_index import ImageIndex
from mmap_studio.data.tables.image_tables import read_tables
from mmap_studio.data.tables.lists import read_lists
from mmap_studio.data.tables.manifests import columns_of, read_manifests
from mmap_studio.data.tables.offers import A_FORM, ONCE, Offers, damaged, is_list, offers_of
from mmap_studio.data.tables.parquet import opened
from mmap_studio.data.tables.part_lists import SUFFIXES as LISTS
from mmap_studio.data.tables.part_lists import part_of, read_parts
from mmap_studio.data.tables.rows import Rows, TableRows, domain_of
from mmap_studio.data.tables.shards import check_shards, missing_shards
from mmap_studio.data.tables.web_shards import beside, is_shard, read_shards
from mmap_studio.data.trees import only_parts
from mmap_studio.errors import DataError, InputError
from mmap_studio.formatting import counted, shown, some

SHARE = 0.9
"""Of the images of a class folder that have one label, where a table says what the folder says."""
_LABELS = (".mat", ".xml", ".pkl", ".yaml", ".yml", ".xls", ".xlsx", ".ods", ".npy", ".npz", ".h5", ".csv.gz",
           ".tsv.gz", ".txt.gz", ".json.gz", ".jsonl.gz", ".sqlite")  # fmt: skip
"""Other files in which labels are published."""
_SETS = re.compile(r"set_?ids?|splits?|(train|test)[-_]?(test|train)[-_]?splits?", re.IGNORECASE)
"""What files of published splits are called, beside the parts themselves, without their suffix."""
_SAY = re.compile(r"label|class|list|annotation|metadata|split", re.IGNORECASE)
"""What is in the names of files that say classes or parts."""
_ABOUT = re.compile(r"readme|licen[sc]e|notice|changelog|citation|requirements", re.IGNORECASE)
"""Files that are about a data set."""
Tick = Callable[[int], None]


def survey(
    root: str | Path, layout: str = AUTO, tick: Tick | None = None, follow: bool = False, column: str = ""
) -> Survey:
    """Find the domains of what is at `root`, read as `layout`; no image is opened.

    root : a folder, a zip or tar file, or a CSV, JSON, Parquet or Arrow table
    layout : a name of `layouts.LAYOUTS`, or auto
    tick : called with the number of images found so far; what it raises ends the survey
    follow : links are followed out of the folder
    column : the one of the classes, where a table has several

    Raises DataError when there is nothing to work with, and when the layout that was asked for does not fit.
    """
    name, _which, own = parted(check_layout(layout))
    column = own or column
    if column and name not in (AUTO, "manifest", "parquet"):
        raise InputError(
            f"A column of classes can be named for tables, but layout {shown(layout)} is none; name it for auto, "
            "manifest or parquet."
        )
    path = Path(root)
    if os.path.isfile(path) and path.suffix.lower() in (*TABLES, ".json"):  # Path.is_file raises for some names
        return _one_table(resolved(path), column, tick, follow)
    path = existing(path)
    if path.is_file() and name in (AUTO, "webdataset") and is_shard(path):
        return _one_shard(path, tick, follow)
    by_rows = name in ("lists", "manifest", "parquet", "webdataset") or bool(column)
    walk, tree = _walked(path, tick, DEEPER if by_rows else DEPTH, follow)
    if name in TREES:
        return with_names(_alone(path, survey_tree(path, walk, tree, name)), path, walk.texts)
    images = ImageIndex(every_image(tree))
    offers = offers_of(path, walk.texts, walk.packed if not path.is_file() and not walk.lie_open else (), images)
    if by_rows:
        chosen = _with_column(path, layout, column, offers) if column else ""
        found = _by_rows(path, chosen or _chosen(path, layout, offers, walk.texts), walk, images, offers)
    else:
        found = _alone(path, _recognised(path, walk, tree, images, offers))
    return with_names(found, path, walk.texts)


def _alone(path: Path, found: Survey) -> Survey:
    """With a notice where an archive that was named by itself looks like a part of one that lies beside it."""
    beside = [one.name for one in path.parent.iterdir()] if path.is_file() else []
    others = [one for group in halves(beside).values() if path.name in group for one in group if one != path.name]
    if not others:
        return found
    said = f"{some(others)} beside it may be {'parts' if len(others) > 1 else 'another part'} of the same download"
    return found.saying(f"{said}; name the folder to read them together.")


def _one_table(path: Path, column: str, tick: Tick | None, follow: bool) -> Survey:
    """A table that was named by itself, whatever lies beside it."""
    name = path.name + (f"#{column}" if column else "")
    if is_columnar(path.name) and has_images(path):
        return _by_tables(path.parent, f"parquet:{name}", [path.name], tick, column=column)
    if is_list(path):
        raise DataError(
            f"File {shown(path)} must begin with a line of names of columns to be read by itself, but is a list of "
            "images; name the folder it is in."
        )
    walk, tree = _walked(path.parent, tick, DEEPER, follow)
    images = ImageIndex(every_image(tree))
    offers = Offers({}, (), (), (path.name,), False, {})
    found = _by_rows(path.parent, f"manifest:{name}", walk, images, offers)
    return with_names(found, path.parent, walk.texts)


def _one_shard(path: Path, tick: Tick | None, follow: bool) -> Survey:
    found = _by_shards(path.parent, f"webdataset:{path.name}", [path.name], tick)
    walk = Walk(path.parent, follow=follow)
    walk.read(depth=0)
    others = beside(path.parent, path.name)
    if others:
        said = f"{counted(len(others), 'shard')} of the same name beside it are not read, such as {shown(others[0])}; "
        found = found.saying(f"{said}name the folder to read them too.")
    return with_names(found, path.parent, walk.texts)


def _walked(root: Path, tick: Tick | None, depth: int, follow: bool) -> tuple[Walk, Folder]:
    """The tree below a root; archives are looked into where folders hold no images."""
    walk = Walk(root, tick, archives=root.is_file(), follow=follow)
    tree = walk.read(depth=depth)
    if not walk.images and walk.archives and not root.is_file():
        shards, walk = walk.packed, Walk(root, tick, archives=True, follow=follow)
        tree = walk.read(depth=depth)
        walk.packed = shards
    else:
        walk.lie_open = bool(walk.images) and not root.is_file()
    return walk, tree


def _deeper(root: Path, walk: Walk, images: ImageIndex) -> tuple[Walk, ImageIndex]:
    """With the folders that only lists look into; the same where there are none."""
    if not walk.too_deep:
        return walk, images
    walk, tree = _walked(root, walk.tick, DEEPER, walk.follow)
    return walk, ImageIndex(every_image(tree))


def _chosen(root: Path, layout: str, offers: Offers, texts: list[str]) -> str:
    """The offer that is meant; DataError with all there are."""
    name, which, column = parted(layout)
    plain = f"{name}:{which}" if which else name
    fits = [one for one in offers.all_layouts if one in (layout, plain)]
    alike = [one for one in offers.layouts if parted(one)[0] == name]
    if name == "parquet" and which in offers.image_tables:
        fits = [plain]
    if name == "webdataset" and which in offers.shards:
        fits = [plain]
    if not fits and not which and len(alike) == 1:
        fits = alike
    if fits:
        return fits[0] if "#" in fits[0] or not column else f"{fits[0]}#{column}"
    wrong = [why for path, why in offers.problems.items() if name == "manifest" and which in ("", path)]
    if wrong:
        raise DataError(f"Folder {shown(root)} cannot be read as layout {shown(layout)}: {wrong[0]}")
    if name == "parquet" and which:
        _refuse_unopened(root, [text for text in texts if text == which])
    single = [f"parquet:{path}" for path in offers.image_tables] if name == "parquet" and which else []
    there = some(single or offers.all_layouts, 8) or "no list file <domain>_train.txt and no table of images"
    raise DataError(
        f"Folder {shown(root)} cannot be read as layout {shown(layout)}: there is {there}; name one that is there."
    )


def _with_column(root: Path, layout: str, column: str, offers: Offers) -> str:
    """The layout of the tables that have a column of this name; empty where the table that is meant cannot be read.

    Tables without a column that is known by its name are looked at too. DataError where none or several have it.
    """
    name, which, _ = parted(layout)
    pictured = [path for path in offers.image_tables if which in ("", path) and name != "manifest"]
    plain = [path for path in (*offers.manifests, *offers.problems) if which in ("", path) and name != "parquet"]
    names = {path: columns_of(root / path) for path in (*pictured, *plain)}
    having = [path for path in names if column in names[path]]
    if having and set(having) <= set(pictured):
        return f"parquet{f':{which}' if which else ''}#{column}"
    if offers.joined and not which and set(having) == set(offers.manifests):
        return f"manifest#{column}"
    if len(having) == 1:
        return f"manifest:{having[0]}#{column}"
    if which and not any(names.values()):
        return ""
    if having:
        several = [f"manifest:{path}" for path in having]
        raise DataError(
            f"Column {shown(column)} must be in one table below {shown(root)}, but is in {some(having)}; ask for one "
            f"with --layout, such as {several[0]}."
        )
    there = "; ".join(f"{shown(path)} has {some(found)}" for path, found in list(names.items())[:3])
    raise DataError(
        f"Column {shown(column)} must be in a table below {shown(root)}, but {there or 'there is no table'}; name one "
        "that is there."
    )


def _recognised(root: Path, walk: Walk, tree: Folder, images: ImageIndex, offers: Offers) -> Survey:
    if offers.shards:
        return _by_rows(root, "webdataset", walk, images, offers)
    layouts = offers.layouts
    by_folders = _tried(lambda: _no_parts_as_classes(survey_tree(root, walk, tree)))
    by_rows = None
    if len(layouts) == 1:
        by_rows = _tried(lambda: _by_rows(root, layouts[0], *_deeper(root, walk, images), offers))
    folders = (by_folders.layout, *by_folders.others) if isinstance(by_folders, Survey) else ()
    others = (*folders, *offers.all_layouts)
    if isinstance(by_rows, Survey) and (isinstance(by_folders, DataError) or _says_more(by_rows, by_folders)):
        others = tuple(other for other in others if other != by_rows.layout)
        return replace(by_rows, others=others, notices=(*_of_offers(by_rows.layout, offers), *by_rows.notices))
    if isinstance(by_folders, DataError):
        if not layouts:
            _refuse_unopened(root, walk.texts)
            raise _with_tables(by_folders, offers, walk)
        raise by_rows if isinstance(by_rows, DataError) else _ambiguous(root, layouts, by_folders)
    unread = [] if any(domain.has_given_split for domain in by_folders.domains) else _unread_parts(walk, offers)
    notices = (
        *by_folders.notices,
        *unread,
        *_in_archives(walk),
        *(f"{why.rstrip('.')}; it is not used." for why in offers.problems.values()),
    )
    if isinstance(by_rows, DataError):
        notices = (f"{layouts[0]} was not used: {by_rows}", *notices)
    elif len(layouts) > 1:
        notices = (
            f"There are {some(layouts, 8)}; ask for one with --layout if it is to say what is for what.",
            *notices,
        )
    return replace(by_folders, notices=notices, others=tuple(other for other in others if other != by_folders.layout))


def _unread_parts(walk: Walk, offers: Offers) -> list[str]:
    """That there are files by whose names they say which image is for what, in a form that is not read."""
    read = {path for paths in (*offers.lists.values(), *offers.parts.values()) for path in paths}
    read |= set(_packed_texts(walk))
    texts = [one.path for one in walk.skipped if one.path.lower().endswith((*_LABELS, *LISTS))]
    texts = [path for path in texts if path not in read]
    if not (named := [path for path in texts if part_of(path)[0] or _SETS.fullmatch(PurePosixPath(path).stem)]):
        return []
    say = "says" if len(named) == 1 else "say"
    return [
        f"By name, {some(named, 3)} {say} which images are for training and test, but such files are not read; write a "
        "CSV with the columns path, class and split for it."
    ]


def _in_archives(walk: Walk) -> list[str]:
    """That there are lists, tables or names of classes in an archive, as their names say, where they are not read."""
    told = _packed_texts(walk)
    if not told:
        return []
    is_one = len(told) == 1
    return [
        f"{some(told, 3)} {'lies' if is_one else 'lie'} in an archive, where lists, tables and names of classes are "
        f"not read; unpack it if {'it says' if is_one else 'they say'} classes or parts."
    ]


def _packed_texts(walk: Walk) -> list[str]:
    inside = [PurePosixPath(one.path) for one in walk.skipped if walk.unpacks and one.reason.startswith(NO_IMAGE)]
    told = [str(path) for path in inside if path.suffix.lower() in TABLES or (
        path.suffix.lower() in TEXTS and (part_of(str(path))[0] or _SAY.search(path.stem)))]  # fmt: skip
    return [path for path in told if not os.path.lexists(os.path.join(walk.root, path))]


def _of_offers(layout: str, offers: Offers) -> Iterator[str]:
    """That the first of several published splits was taken, or lists that say the parts before those that do not; and
    which tables are of classes."""
    others = [f"lists:{key or '.'}" for key in offers.aside]
    if others and layout.startswith("lists:"):
        yield f"Of the lists, {shown(layout)} are read; --layout takes others: {some(others, 3)}."
    yield from (f"{why.rstrip('.')}; it is not used." for why in offers.problems.values() if ONCE in why)


def _says_more(rows: Survey, folders: Survey) -> bool:
    """Whether rows say which image is for what, and folders do not; or give images other classes than folders do."""
    where = {path: one for domain in folders.domains for path, one in _whole(domain)}
    here = [(path, one) for domain in rows.domains for path, one in _whole(domain)]
    if any(domain.has_given_split for domain in rows.domains):
        new = _parts_of(rows) - _parts_of(folders)
        if new or any(path in where and where[path][2] != one[2] for path, one in here):
            return True
    labels: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for path, (_, label, _) in here:
        if path in where:
            labels[where[path][:2]][label] += 1
    mixed = sum(max(own.values()) < SHARE * own.total() for own in labels.values())
    return mixed * 2 > len(labels) > 0


def _parts_of(found: Survey) -> set[str | None]:
    return {part for domain in found.domains for part in domain.given_splits} - {None}


def _whole(domain: Domain) -> Iterator[tuple[str, tuple[str, str, str | None]]]:
    """Absolute path of every image; and its domain, class and part."""
    start = f"{domain.root}/"
    names = (domain.classes[index] for index in domain.files.classes.tolist())
    for path, name, part in zip(domain.files.paths(), names, domain.given_splits, strict=True):
        yield start + path, (domain.name, name, part)


def _no_parts_as_classes(found: Survey) -> Survey:
    """The survey; DataError where `train` and `test`, which hold images themselves, would be classes."""
    whole = any(only_parts(domain.classes) for domain in found.domains[1:])
    for domain in found.domains:
        others = {name for other in found.domains if not only_parts(other.classes) for name in other.classes}
        if only_parts(domain.classes) and not others.issuperset(domain.classes):
            classes = some([one.name for one in found.domains]) if whole else "these"
            raise DataError(
                f"Folder {shown(domain.root)} must have class folders in its parts, or a table that gives every image "
                f"its class, but {some(domain.classes)} hold the images themselves; sort them into class folders, "
                f"put a table (path, class) beside them, or use --layout one-task if the classes are {classes}."
            )
    return found


def _with_tables(error: DataError, offers: Offers, walk: Walk) -> DataError:
    """The refusal of folders with what is wrong with the tables beside them, which were to say what is what."""
    wrong = [why for why in offers.problems.values() if A_FORM not in why]
    packed = _in_archives(walk)
    if not any(words in str(error) for words in ("at least 2 classes", "no class folders", "gives every image")):
        return error
    if packed and not wrong:
        return DataError(f"{str(error).rstrip('.')}. {packed[0]}")
    if not wrong:
        texts = [*walk.texts, *(one.path for one in walk.skipped if one.path.lower().endswith(_LABELS))]
        texts = sorted({path for path in texts if not _ABOUT.match(PurePosixPath(path).stem)})
        if not texts:
            return error
        none = "is no list (a line an image, `path label`) and no table"
        none = none if len(texts) == 1 else "are no lists or tables"
        return DataError(
            f"{str(error).rstrip('.')}. Beside them, {some(texts, 3)} {none} that can be read; if the classes are in "
            "there, write a CSV with the columns path and class."
        )
    more = f" ({counted(len(wrong) - 1, 'more table is', 'more tables are')} not used either)" if len(wrong) > 1 else ""
    return DataError(f"{wrong[0].rstrip('.')}{more}; without it, folders alone do not say the classes.")


def _refuse_unopened(root: Path, texts: list[str]) -> None:
    """DataError where all there is are Parquet tables, which may need pyarrow or be damaged."""
    for text in sorted(texts):
        if is_columnar(text):
            opened(root / text)


def _tried(attempt: Callable[[], Survey]) -> Survey | DataError:
    try:
        return attempt()
    except DataError as error:
        return error


def _ambiguous(root: Path, layouts: list[str], error: DataError) -> DataError:
    if len(layouts) < 2:
        return error
    return DataError(
        f"Folder {shown(root)} must say in one way which image is what, but can be read in several ways "
        f"({some(layouts, 8)}); ask for one with --layout, such as {layouts[0]}."
    )


def _by_rows(root: Path, layout: str, walk: Walk, images: ImageIndex, offers: Offers) -> Survey:
    """As the lists or the table that `layout` names; for domains that do not lie open, archives are looked into."""
    name, which, column = parted(layout)
    if name == "parquet":
        tables = [which] if which else list(offers.image_tables)
        made = _by_tables(root, layout, tables, walk.tick, () if which else damaged(root, walk.texts), column)
        return _with_columns(made, offers, column)
    if name == "webdataset":
        return _by_shards(root, layout, [which] if which else offers.shards, walk.tick)
    if name == "lists" and (lists := offers.parts.get("" if which == "." else which)):
        return _by_parts(root, layout, lists, walk, images)
    found, why = _rows(root, layout, walk, images, offers)
    if walk.archives and not walk.unpacks and not all(rows.lie_in(images) for rows in found.rows):
        walk = Walk(root, walk.tick, archives=True, follow=walk.follow)
        images = ImageIndex(every_image(walk.read(depth=DEEPER)))
        found, why = _rows(root, layout, walk, images, offers)
    made = _survey(root, layout, why, found.rows, images, walk.unpacks, walk.tick, found.skipped)
    made = replace(made, notices=(*found.notices, *made.notices))
    return _with_columns(made, offers, column) if name == "manifest" else made


def _with_columns(found: Survey, offers: Offers, column: str) -> Survey:
    """With a notice that another column could be the classes."""
    if len(offers.columns) < 2 or column:
        return found
    first, *others = offers.columns
    return found.saying(
        f"Column {shown(first)} is read as the classes; {some(others)} could be too: --label-column {others[0]} takes "
        "it."
    )


def _by_parts(root: Path, layout: str, paths: Sequence[str], walk: Walk, images: ImageIndex) -> Survey:
    """As folders say, but for the parts, which lists say."""
    found = _no_parts_as_classes(survey_folders(root, AUTO, walk.tick, walk.follow))
    parts, gone, notices = read_parts(root, paths, images, partial(walk.tick, len(images)))
    domains = [_with_parts(domain, root, parts) for domain in found.domains]
    bare = [domain.name for domain in domains if len(domain.classes) < 2]
    if len(bare) == len(domains):
        raise DataError(
            f"Lists {some(paths, 2)} must name images of at least 2 classes below {shown(root)}, but name "
            f"{counted(sum(len(domain.files) for domain in domains), 'image')} that are there; correct the paths."
        )
    notices += [
        f"Domain {shown(name)} was left out: the lists name images of fewer than 2 of its classes." for name in bare
    ]
    unused = sum(len(domain.files) for domain in found.domains) - sum(len(domain.files) for domain in domains)
    notices += [f"{counted(unused, 'image is', 'images are')} named nowhere, and not used."] if unused else []
    why = f"{counted(len(paths), 'list file says', 'list files say')} for what images are: {some(paths, 3)}."
    kept = tuple(domain for domain in domains if len(domain.classes) > 1)
    above = found.root.relative_to(root).as_posix() + "/" if found.root != root else ""
    left = (Skipped(above + one.path, one.reason) for one in found.skipped if above + one.path not in paths)
    return Survey(root, kept, (*found.notices, *notices), (*left, *gone), layout, why)


def _with_parts(domain: Domain, root: Path, parts: Mapping[str, str]) -> Domain:
    """The domain with the images that have a part, and the classes that have such images."""
    start = f"{domain.root}/"[len(f"{root}/") :]
    files = [file._replace(given_split=parts[start + file.path]) for file in domain.files if start + file.path in parts]
    numbers = sorted({file.class_index for file in files})
    index = {number: place for place, number in enumerate(numbers)}
    table = FileTable.of(file._replace(class_index=index[file.class_index]) for file in files)
    classes = tuple(domain.classes[number] for number in numbers)
    return replace(domain, classes=classes, files=table, part=domain.name)


def _by_tables(
    root: Path, layout: str, tables: Sequence[str], tick: Tick | None, broken: Sequence[str] = (), column: str = ""
) -> Survey:
    tick = tick or (lambda images: None)
    check_shards(broken, tables)
    found, images, skipped, notices = read_tables(root, tables, tick, column)
    if not found:
        raise DataError(f"Table {shown(tables[0])} must have rows with a class, but has none; name another.")
    why = f"The images are in {counted(len(tables), 'table')}: {some(tables, 3)}."
    skipped += [Skipped(path, "it is no whole Parquet file") for path in broken]
    whole = _survey(root, layout, why, found, images, True, tick, skipped)
    return replace(whole, notices=(*missing_shards(root, tables), *notices, *whole.notices))


def _by_shards(root: Path, layout: str, shards: Sequence[str], tick: Tick | None) -> Survey:
    tick = tick or (lambda images: None)
    found, images, skipped = read_shards(root, shards, tick)
    if not found:
        raise DataError(
            f"Shard {shown(shards[0])} must hold images with a class beside each, but has none; put a .cls, .json or "
            ".txt of the same name beside every image."
        )
    for rows in found:
        rows.in_tables = True
    hold = counted(len(shards), "shard holds", "shards hold")
    why = f"{hold} images with a class beside each: {some(shards, 3)}."
    return _survey(root, layout, why, found, images, True, tick, skipped)


def _rows(root: Path, layout: str, walk: Walk, images: ImageIndex, offers: Offers) -> tuple[TableRows, str]:
    name, which, column = parted(layout)
    tick = partial(walk.tick, len(images))
    if name == "manifest":
        paths = [which] if which else list(offers.manifests)
        tables = f"Table {shown(which)} has" if which else f"{counted(len(paths), 'table')} ({some(paths, 3)}) have"
        return read_manifests(root, paths, images, tick, column), f"{tables} columns for path and class."
    paths = offers.lists["" if which == "." else which]
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
