"""The house rules, executable: who may import whom, what importing costs, how long files and functions are."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mmap_studio"
FILES = sorted(PACKAGE.rglob("*.py"))
EVERYBODY = {"errors", "config", "resources"}
MAY_IMPORT = {
    "errors": set(),
    "config": {"errors"},
    "resources": {"errors"},
    "method": {"method"},
    "data": {"data", "method.task"},
    "storage": {"storage"},
    "session": {"session", "data", "storage", "method"},
    # values of `method` travel everywhere as data; windows and commands read them and compute nothing
    "ui": {"ui", "session", "method"},
    "cli": {"cli", "session", "method", "ui.app"},  # only to open the window
    "api": {"session", "storage"},
    "__main__": {"cli"},
    "__init__": {"api", "session", "storage", "method"},  # the public names, imported when first used
}
VALUES = {"method.affinity", "method.evaluation", "method.grouping", "method.task", "method.training"}


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Dotted names below mmap_studio that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.removeprefix("mmap_studio.") for name in names if name.startswith("mmap_studio."))
        yield from ("ROOT" for name in names if name == "mmap_studio")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_what_its_room_may(path):
    allowed = MAY_IMPORT[room(path)] | EVERYBODY
    for name in imports(path):
        if name == "ROOT" or name == "__version__":
            continue
        assert any(name == one or name.startswith(f"{one}.") for one in allowed), f"{path} imports {name}"
        if room(path) in ("ui", "cli") and name.startswith("method."):
            assert any(name.startswith(value) for value in VALUES), f"{path} imports {name}, which is no value"


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


def test_session_has_no_qt():
    for path in (PACKAGE / "session").rglob("*.py"):
        assert not {"PySide6", "pyqtgraph"} & set(outside(path)), path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_and_functions_stay_short(path):
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= 60, f"{path}:{node.name}"


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
