"""The house rules, executable: which room imports which, what importing costs, where tests and documents are."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import IMPORTED_TORCH

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mmap_studio"
FILES = sorted(PACKAGE.rglob("*.py"))
SIDE_BY_SIDE = 20
"""Modules that a package may hold; among more, nothing is found by its folder."""

EVERYBODY = {"errors", "config", "resources", "formatting", "version", "storage.opener", "storage.documents"}
"""Rooms that every room may import; rows leave them out."""
ROOMS: dict[str, str] = {
    "formatting": "",
    "errors": "",
    "resources": "",
    "version": "",
    "storage.os_errors": "",
    "storage.no_links": "storage.os_errors",
    "storage.opener": "storage.os_errors storage.no_links",
    "storage.documents": "",
    "method.prompt_shape": "",
    "config": "method.prompt_shape",
    "method.grouping": "",
    "method.class_residual": "",
    "method.affinity": "",
    "method.kronecker": "",
    "method.out_of_memory": "",
    "method.capability": "",
    "method.prompt": "method.class_residual method.kronecker method.prompt_shape",
    "method.task": "",
    "method.device_transfer": "",
    "method.clip": "method.capability method.out_of_memory method.prompt method.task method.device_transfer",
    "method": (
        "method.affinity method.clip method.device_transfer method.grouping method.out_of_memory method.prompt "
        "method.prompt_shape method.task"
    ),
    "method.rivals": "method method.clip method.task",
    "method.rivals.features": "method method.clip method.rivals method.task",
    "method.rivals.prompts": "method method.clip method.prompt method.rivals method.task",
    "method.rivals.weights": "method method.clip method.rivals method.task",
    "data.paths": "",
    "data.file_kinds": "",
    "data.file_table": "method.task",
    "data.skipped": "",
    "data.layouts": "",
    "data.names": "",
    "data.domains": "data.file_table data.names data.skipped",
    "data.archives": "data.file_kinds data.skipped",
    "data.listing": "data.archives data.file_kinds data.paths data.skipped",
    "data.tables": "data.archives data.domains data.file_kinds data.file_table data.layouts data.listing data.skipped",
    "data.images": ("data.archives data.domains data.file_kinds data.file_table data.skipped data.tables method.task"),
    "data": (
        "data.archives data.domains data.file_kinds data.file_table data.layouts data.listing data.names data.paths "
        "data.skipped data.tables method.task"
    ),
    "storage": "storage.os_errors storage.no_links",
    "storage.foreign": "storage",
    "session.methods": "",
    "session": "",
    "session.board": "method.affinity method.grouping session",
    "session.cache": "method method.affinity method.clip method.prompt_shape method.task storage storage.no_links",
    "session.explore": "session",
    "session.events": "method method.affinity method.grouping method.task session.explore",
    "session.tensorboard_log": "data.paths method.affinity session session.events session.methods storage",
    "session.project": "data.paths storage",
    "session.runtime": "session.events",
    "session.engines": "data.paths session.runtime storage",
    "session.estimates": "method method.clip method.task session.events session.methods session.runtime storage",
    "session.download": "session.events storage",
    "session.backbones": (
        "data.paths method.capability method.clip method.task session.download session.estimates session.runtime "
        "storage storage.foreign"
    ),
    "session.dataset": (
        "data data.domains data.file_kinds data.file_table data.images data.names data.paths data.skipped "
        "method.clip method.task session session.cache session.events session.project storage"
    ),
    "session.ingest": (
        "data data.domains data.file_kinds data.images data.layouts data.names data.paths data.skipped method.task "
        "session session.dataset session.project"
    ),
    "session.hub_data_sets": "data.archives data.file_kinds session.download session.events storage",
    "session.run": (
        "data.file_kinds data.images data.listing data.names data.paths data.skipped method method.affinity "
        "method.class_residual method.clip method.grouping method.prompt method.rivals.features method.task session "
        "session.backbones session.board session.cache session.dataset session.engines session.estimates "
        "session.events session.explore session.methods session.project session.runtime session.tensorboard_log "
        "storage"
    ),
    "session.results": (
        "data.paths method.affinity method.grouping method.task session.backbones session.board session.cache "
        "session.events session.methods session.project session.run storage storage.foreign storage.os_errors"
    ),
    "session.compare.protocols": "data.names method.task",
    "session.runs": (
        "method method.clip method.grouping method.task session.backbones session.cache session.events "
        "session.methods session.project session.results session.run storage"
    ),
    "session.compare": (
        "data data.domains data.images data.layouts data.names data.paths data.skipped method method.affinity "
        "method.capability method.clip method.grouping method.rivals method.rivals.features method.rivals.prompts "
        "method.rivals.weights method.task session session.backbones session.board session.cache "
        "session.compare.protocols session.dataset session.engines session.estimates session.events session.methods "
        "session.project session.results session.run session.runtime storage"
    ),
    "session.compare.live": (
        "method method.clip method.grouping session.compare session.compare.protocols session.engines session.events "
        "session.project session.run session.runtime storage"
    ),
    "session.sweep": (
        "data.images method method.clip method.task session.backbones session.cache session.dataset "
        "session.estimates session.events session.methods session.project session.results session.run "
        "session.runtime storage"
    ),
    "session.gallery": (
        "data.images data.paths method method.clip method.task session.backbones session.cache session.dataset "
        "session.events session.explore session.project session.run session.runtime storage"
    ),
    "session.doctor": "data.paths session.backbones session.project session.runtime storage storage.foreign",
    "session.studio": (
        "data.names method method.affinity method.clip method.grouping method.task session session.backbones "
        "session.board session.cache session.compare session.compare.live session.dataset session.engines "
        "session.estimates session.events session.explore session.gallery session.methods session.project "
        "session.results session.run session.runs session.runtime session.sweep storage"
    ),
    "api": ("session.compare session.events session.gallery session.project session.run session.sweep storage"),
    "__init__": (
        "api method method.affinity method.class_residual method.clip method.grouping method.kronecker "
        "method.prompt method.prompt_shape method.task session.backbones session.compare "
        "session.compare.protocols session.events session.explore session.gallery session.project session.run "
        "session.sweep storage"
    ),
    "ui.kit": "data.paths session session.dataset session.doctor session.project",
    "ui.actions": "ui.kit",
    "ui.focus": "ui.actions ui.kit",
    "ui.affinity": "method.affinity method.grouping ui.kit",
    "ui.board": "method.grouping session.board session.runtime ui.kit",
    "ui.curves": "method session.events session.methods session.run ui.kit",
    "ui.images": (
        "method method.task session.dataset session.explore session.gallery session.runtime session.studio ui.kit"
    ),
    "ui.dialogs": (
        "data.paths session session.backbones session.dataset session.download session.engines session.estimates "
        "session.events session.hub_data_sets session.ingest session.methods session.project session.run "
        "session.runtime session.studio session.sweep ui.images ui.kit"
    ),
    "ui.explain": "method.grouping session.board session.runtime ui.focus ui.kit",
    "ui.map": "session.explore ui.images ui.kit",
    "ui.panels": "method.task session session.estimates session.events session.project ui.kit",
    "ui.results": "method method.task session.explore session.results ui.kit",
    "ui.runs": ("session.events session.runs session.runtime session.studio ui.kit"),
    "ui.compare": (
        "method method.grouping session.compare session.compare.live session.compare.protocols session.events "
        "session.results session.run session.runtime session.studio ui.kit ui.panels"
    ),
    "ui.docks": (
        "session.explore session.runtime session.studio ui.affinity ui.board ui.compare ui.curves ui.explain ui.images "
        "ui.kit ui.map ui.panels ui.results ui.runs"
    ),
    "ui.export": (
        "data.paths session.compare session.runtime session.studio ui.affinity ui.compare ui.curves ui.docks ui.kit"
    ),
    "ui.window": (
        "data.paths method method.grouping method.task session session.backbones session.dataset session.engines "
        "session.estimates session.events session.explore session.ingest session.methods session.project "
        "session.results session.runtime session.studio ui.actions ui.affinity ui.board ui.compare ui.dialogs "
        "ui.docks ui.explain ui.export ui.focus ui.images ui.kit ui.panels ui.runs"
    ),
    "ui": "session.doctor session.project session.studio ui.kit ui.window",
    "cli.terminal": "session.estimates session.events",
    "cli.options": "cli.terminal data.paths session.engines session.methods",
    "cli.settings": "cli.terminal session.project session.run",
    "cli.experiments": (
        "cli.options cli.settings cli.terminal method session.cache session.compare session.compare.protocols "
        "session.engines session.project session.results session.run session.runtime session.sweep"
    ),
    "cli.gallery": (
        "cli.options cli.settings cli.terminal method.task session.cache session.dataset session.gallery "
        "session.project"
    ),
    "cli.trained": ("cli.options cli.terminal data.skipped method session.compare session.results session.run"),
    "cli.upkeep": (
        "cli.options cli.terminal session.backbones session.cache session.dataset session.doctor session.explore "
        "session.project session.runs"
    ),
    "cli": (
        "cli.experiments cli.gallery cli.options cli.settings cli.terminal cli.trained cli.upkeep session "
        "session.backbones session.cache session.compare "
        "session.hub_data_sets session.download "
        "session.engines session.estimates session.events session.ingest session.methods session.project "
        "session.results session.run session.runtime ui"
    ),
    "__main__": "cli cli.terminal",
}
"""What each room imports, types too. A row names rooms above it only, so nothing points upwards and there is no circle.

A room is a package, or a module with a row of its own since another room stands between it and its package.
"""
VALUES = {
    "method.affinity.lookahead",
    "method.affinity.meter",
    "method.budget",
    "method.evaluation",
    "method.grouping",
    "method.task",
    "method.training",
}
"""What windows and commands read of the method: results. They compute nothing."""

CROSS_CUTTING = {
    "ui/test_leftovers": "what a test of the window leaves behind",
    "test_architecture": "the rooms",
    "test_benchmarks": "benchmarks/",
    "test_docs": "README.md, docs/",
    "test_hostile_names": "names without end, in every room",
    "test_hostile_patterns": "every regular expression",
    "test_packaging": "pyproject.toml and the checks of a commit",
    "test_supply_chain": "constraints.txt, and the tools that make and check it",
    "e2e": "the window on an X server",
    "cli/test_hostile_paths": "every path of every command",
    "data/tables/test_hostile": "lists, tables, shards, names of ids, changed byte by byte",
    "session/ingest/test_refusals": "every refusal of data/ and session/ingest/",
    "storage/test_corruption": "every artifact, damaged",
    "storage/test_faults": "every artifact, each call of its writer failed or killed",
    "storage/test_kills": "every artifact, its process killed",
    "storage/test_mutants": "the checks of faults and kills",
    "storage/test_static_gate": "what the package's code must not do",
    "tools": "tools/",
    "torture": "tests/torture/",
    "ui/test_benchmarks_of_the_window": "benchmarks/ui.py",
    "ui/test_golden": "every view, as drawn",
    "ui/test_moments": "the window, closed and stopped at random moments",
}
"""Tests of no one module, by the beginning of their path, and what they test."""
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("resources/**/*.md")]
WRITTEN = {"README.md", "results.md", "table.md"}
"""Markdown that the studio writes."""
SOURCES = [
    path for folder in (PACKAGE, ROOT / "tests", ROOT / "tools", ROOT / "benchmarks") for path in folder.rglob("*.py")
]


def dotted(path: Path) -> str:
    """``session.board.history``; a package's ``__init__`` is the package."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


MODULES = {dotted(path): path for path in FILES}


def room(module: str) -> str:
    """The module itself where it has a row, else its package."""
    package = dotted(MODULES[module].parent / "__init__.py")
    return module if module in ROOMS or package == "__init__" else package


@cache
def imports(path: Path) -> frozenset[str]:
    """The package's modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            names = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [(node.module or "", alias.name) for alias in node.names]
        for module, name in names:
            if module.split(".")[0] == "mmap_studio":
                longest = [part for part in (f"{module}.{name}", module) if part.partition(".")[2] in MODULES]
                found.add(longest[0].partition(".")[2] if longest else "__init__")
    return frozenset(found)


@cache
def arrows() -> dict[tuple[str, str], str]:
    """Every pair of rooms of which the first imports the second, with a file that does."""
    pairs = {(room(dotted(path)), room(name)): path for path in FILES for name in imports(path)}
    return {pair: path.relative_to(ROOT).as_posix() for pair, path in pairs.items() if len(set(pair)) == 2}


def test_a_room_imports_what_its_row_says_and_nothing_else():
    said = {(here, there) for here, row in ROOMS.items() for there in row.split()}
    found = {pair: path for pair, path in arrows().items() if pair[1] not in EVERYBODY}
    wrong = [f"{path}: the row of {here!r} has no {there!r}" for (here, there), path in found.items()
             if (here, there) not in said]  # fmt: skip
    wrong += [f"no file of {here!r} imports {there!r} any more: take it out" for here, there in said - set(found)]
    assert not wrong, "\n".join(wrong)


def test_no_row_points_upwards():
    height = {name: number for number, name in enumerate(ROOMS)}
    wrong = {f"{path}: {here!r} imports {there!r}, which stands below it in ROOMS" for (here, there), path
             in arrows().items() if height[there] >= height[here]}  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert {room(name) for name in MODULES} >= set(ROOMS), "a row without a room"


def test_a_package_holds_few_modules_side_by_side():
    for folder in {path.parent for path in FILES}:
        held = len([path for path in folder.glob("*.py") if path.name != "__init__.py"])
        assert held <= SIDE_BY_SIDE, f"{folder} holds {held} modules: find a room for some"


def test_windows_and_commands_read_only_values_of_the_method():
    for path in FILES:
        if dotted(path).split(".")[0] in ("ui", "cli"):
            for name in imports(path):
                value = any(name == one or name.startswith(f"{one}.") for one in VALUES)
                assert value or not name.startswith("method"), f"{path} imports {name}, which is no value"


@pytest.mark.parametrize("test", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.stem)
def test_a_test_is_found_from_what_it_tests(test):
    """tests/<room>/test_<module>[_aspect].py, or a folder with the module's name; or the package's own name."""
    where = test.relative_to(ROOT / "tests").with_suffix("")
    if any(where.as_posix().startswith(one) for one in CROSS_CUTTING):
        return
    package = PACKAGE / where.parent
    if package.with_suffix(".py").exists():
        return
    names = {path.stem for path in package.glob("*") if path.suffix in ("", ".py")} | {package.name}
    tested = where.name.removeprefix("test_")
    assert any(tested == name or tested.startswith(f"{name}_") for name in names), f"{test}: {package} has no {tested}"


def names_in(path: Path) -> set[str]:
    """What a module defines or imports, anywhere at its top."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def test_what_tests_tools_and_benchmarks_import_or_patch_is_there():
    """A name that was moved is missed here, not only by the test that asks for it."""
    defined, missing = {name: names_in(path) for name, path in MODULES.items()}, []
    for path in [one for one in SOURCES if not one.is_relative_to(PACKAGE)]:
        text = path.read_text()
        froms = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
        asked = [f"{node.module}.{alias.name}" for node in froms for alias in node.names]
        for name in asked + re.findall(r'"(mmap_studio\.[\w.]+)"', text):
            package, _, inner = name.partition(".")
            if package == "mmap_studio" and inner not in MODULES:
                parents = [inner[: dot.start()] for dot in re.finditer(r"\.", inner)]
                module = next((one for one in reversed(parents) if one in MODULES), "__init__")
                if inner.removeprefix(f"{module}.").split(".")[0] not in defined[module]:
                    missing.append(f"{path.relative_to(ROOT)} asks for {name}")
    assert not missing, "\n".join(missing)


def test_modules_that_comments_name_are_there():
    """``session.runtime.heap`` or ``session.methods.CONTROLS``: a room, or what a module defines."""
    found, wrong = 0, []
    for path in SOURCES:
        for name in re.findall(r"`((?:cli|method|session|storage|ui)(?:\.\w+)+)`", path.read_text()):
            module = max((one for one in MODULES if f"{name}.".startswith(f"{one}.")), key=len)
            rest = name.removeprefix(module).strip(".").split(".")[0]
            found += 1
            wrong += [f"{path} names {name}"] if rest and rest not in names_in(MODULES[module]) else []
    assert found > 10
    assert not wrong, "\n".join(wrong)


def test_only_the_clip_package_knows_open_clips_inside():
    for path in FILES:
        inside = path.is_relative_to(PACKAGE / "method" / "clip")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("open_clip."):
                assert inside, f"{path} imports {node.module}"


def outside(path):
    """Top-level names of every module a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (module.split(".")[0] for module in modules)


def test_method_knows_no_file_no_thread_no_qt():
    forbidden = {"pathlib", "threading", "os", "io", "PySide6", "h5py", "safetensors", "PIL"}
    for path in (PACKAGE / "method").rglob("*.py"):
        assert not forbidden & set(outside(path)), path


def test_no_path_is_expanded_or_followed_by_what_raises():
    """`Path.expanduser`, `home` and `resolve` raise a RuntimeError for what leads nowhere; `data.paths` does not."""
    raising = re.compile(r"\.expanduser\(\)|\.resolve\(\)|\bPath\.home\(\)")
    for path in set(FILES) - {PACKAGE / "resources.py"}:
        assert not raising.search(path.read_text()), path


def test_session_has_no_qt():
    for path in (PACKAGE / "session").rglob("*.py"):
        assert not {"PySide6", "pyqtgraph"} & set(outside(path)), path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_links_only_to_what_is_there(document):
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        target = link.partition("#")[0]
        if target and "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document} links to {link}"


def test_code_cites_only_documents_that_are_there():
    """A Markdown file by its path or name; and none by the name of what was written elsewhere while it was made."""
    there = {path.name for path in DOCUMENTS} | WRITTEN
    elsewhere = re.compile(r"\b(?:DESIGN|STYLE|FACTS(?:-\w+)?)\b|\btest plan\b|\b[Rr]ows? [A-Z]\d+\b|\b[Ii]ssue #?\d")
    for path in SOURCES:
        text = path.read_text() if path != Path(__file__) else ""
        assert not elsewhere.search(text), f"{path} cites {elsewhere.search(text)}"
        for cited in re.findall(r"[\w./-]*\w\.md\b", text):
            found = (ROOT / cited).exists() if "/" in cited else cited in there
            assert found, f"{path} cites {cited}"


def test_collecting_tests_loads_no_torch(pytestconfig):
    """It takes seconds, in every process of the suite: `tests.lazy` puts imports off."""
    assert pytestconfig.stash.get(IMPORTED_TORCH, []) == []


def test_importing_the_package_loads_neither_torch_nor_qt():
    code = "import sys, mmap_studio; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("torch", "PySide6", "open_clip", "numpy", "sklearn", "h5py", "pyqtgraph"):
        assert f"'{heavy}'" not in loaded


def test_every_public_name_is_there_and_none_other():
    import mmap_studio

    for name in mmap_studio.__all__:
        assert getattr(mmap_studio, name) is not None
    assert set(mmap_studio.__all__) <= set(dir(mmap_studio))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = mmap_studio.nonsense
