"""What the package's code must not do, read from its syntax trees.

Loading never executes what was loaded, and nothing but `storage/disk.py` changes a disk.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "mmap_studio").rglob("*.py")), ROOT / "main.py"]
WRITERS = {
    "mmap_studio/storage/disk.py": "the calls `atomic` is made of",
    "mmap_studio/storage/opener.py": "opens without waiting, to read",
    "mmap_studio/storage/no_links.py": "opens folders, to look at them",
    "mmap_studio/ui/kit/log_files.py": "the log of crashes must stay open for faulthandler",
}
"""The files that may change a disk, and why."""

READERS = {
    "mmap_studio/storage/opener.py": "opens for all others",
    "mmap_studio/storage/no_links.py": "opens folders, to look at them",
    "mmap_studio/storage/disk.py": "the calls `atomic` is made of",
    "mmap_studio/resources.py": "what ships with the studio",
    "mmap_studio/session/runtime/cgroups.py": "the kernel's own files, which have no size",
    "mmap_studio/session/runtime/cores.py": "the kernel's own files, which have no size",
    "mmap_studio/ui/kit/log_files.py": "the log of crashes must stay open for faulthandler",
    "mmap_studio/session/doctor/versions.py": "the metadata of what this Python has installed, by importlib",
    "mmap_studio/data/tables/parquet.py": "pyarrow opens by name; it is asked first what lies there",
    "mmap_studio/storage/model_weights.py": "torch opens by name; it is asked first what lies there",
}
"""The files that may open a file by its name to read it, and why: all others ask `opener`."""
OPENED = {"file", "buffer", "fileobj", "io.BytesIO(data)", "archive"}
"""What the first argument is called where it is open already."""

MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "yaml",
    "shutil",
    "tempfile",
}
"""Not to be imported: they execute what they load, or write past `atomic`."""
BUILTINS = {"eval", "exec", "compile", "__import__"}
WRITING = {
    "os": {"replace", "rename", "renames", "remove", "unlink", "rmdir", "removedirs", "mkdir", "makedirs", "write",
           "pwrite", "writev", "open", "truncate", "ftruncate", "link", "symlink", "mkfifo", "system", "popen"},
    "np": {"save", "savez", "savez_compressed", "savetxt", "memmap"},
    "numpy": {"save", "savez", "savez_compressed", "savetxt", "memmap"},
    "torch": {"save"},
    "pickle": {"load", "loads"},
}  # fmt: skip
METHODS = {"write_text", "write_bytes", "mkdir", "touch", "unlink", "rmdir", "symlink_to", "hardlink_to", "tofile",
           "save_file", "extractall"}  # fmt: skip
"""Of paths, arrays and archives; `atomic.write_bytes` and its like are no methods of these."""
OURS = {"atomic", "SYSTEM", "disk.SYSTEM"}
PLACES = {"write_bytes": 3, "write_text": 3, "write_json": 3, "append_line": 3, "read_lines": 2, "make_folder": 2,
          "remove": 2, "move": 3, "set_aside": 2, "write_folder": 4, "sweep": 2}  # fmt: skip
"""Calls of `atomic`, and how many arguments they have when the last one says `within` what folder they stay."""
TRUSTED = {"self.folder", "project.folder", "self.root", "root", "cache_folder()", "models_folder()"}
"""Folders that are `within` for others: the user named them, or the system did."""
NAMED_BY_USERS = ("mmap_studio/session/results/export_files.py", "mmap_studio/session/studio/exports.py")
"""They write where the user said, this time."""


def hits(source: str, path: str = "x.py") -> list[str]:
    """One line for everything in the source that is not allowed."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    return [f"{path}:{node.lineno}: {why}" for node in ast.walk(tree) for why in reasons(node, path)]


def reasons(node: ast.AST, path: str) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        yield from (f"imports {name}" for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.ImportFrom) and node.module in WRITING:
            forbidden = WRITING[node.module] & {alias.name for alias in node.names}
            yield from (f"imports {node.module}.{name}" for name in forbidden if path not in WRITERS)
    elif isinstance(node, ast.Call):
        yield from call_reasons(node, path)
    elif isinstance(node, ast.Attribute) and node.attr in WRITING.get(ast.unparse(node.value), ()):
        harmless = path in WRITERS or to_the_terminal(node) or maps_to_read(node)
        yield from () if harmless else (f"uses {ast.unparse(node)}",)


def to_the_terminal(node: ast.Attribute) -> bool:
    """os.write(2, ...): standard output and error are no files of ours."""
    call = getattr(node, "parent", None)
    return node.attr == "write" and isinstance(call, ast.Call) and ast.unparse(call.args[0]) in ("1", "2")


def maps_to_read(node: ast.Attribute) -> bool:
    """np.memmap(path, dtype, "r", ...): it never writes; without a mode it would."""
    call = getattr(node, "parent", None)
    if node.attr != "memmap" or not isinstance(call, ast.Call):
        return False
    modes = [item.value for item in call.keywords if item.arg == "mode"] or call.args[2:3]
    return [ast.unparse(mode) for mode in modes] == ["'r'"]


def call_reasons(call: ast.Call, path: str) -> Iterator[str]:
    text = ast.unparse(call.func)
    owner, _, name = text.rpartition(".")
    keywords = {item.arg: ast.unparse(item.value) for item in call.keywords}
    if text in BUILTINS:
        yield f"calls {text}"
    if text in ("torch.load", "load") and owner == "torch" and keywords.get("weights_only") != "True":
        yield "torch.load without weights_only=True"
    if text == "torch.jit.load":
        yield "torch.jit.load executes code"
    if text in ("np.load", "numpy.load") and "allow_pickle" in keywords:
        yield "np.load with allow_pickle"
    if owner and name in METHODS and owner not in OURS and path not in WRITERS:
        yield f"calls {text}"
    if path not in READERS and (why := opens_by_name(call, text, owner, name)):
        yield why
    if owner == "atomic" and not path.startswith(NAMED_BY_USERS) and leads_out(call, name, keywords):
        yield f"{ast.unparse(call)} does not say within what folder no link is followed"
    if name == "replace" and owner not in OURS and len(call.args) == 1 and not keywords:
        yield f"calls {text} with one argument, as of a path"
    if (
        path not in WRITERS
        and name in ("open", "File", "fdopen", "ZipFile", "TarFile")
        and writes(call, keywords, text)
    ):
        yield f"opens for writing: {ast.unparse(call)}"


def opens_by_name(call: ast.Call, text: str, owner: str, name: str) -> str:
    """Why a call opens a file that may be a pipe, a device or of any size; empty if it does not."""
    first = ast.unparse(call.args[0]) if call.args else ""
    if text in ("open", "io.open", "os.open", "np.memmap", "numpy.memmap", "np.load", "torch.load", "os.fdopen"):
        return "" if "SYSTEM" in text or first.startswith("open_regular(") else f"opens by its name: {text}({first})"
    if text in ("ZipFile", "zipfile.ZipFile", "h5py.File", "Image.open", "tarfile.open", "ParquetFile"):
        given = first or next((ast.unparse(one.value) for one in call.keywords if one.arg in ("fileobj", "file")), "")
        return "" if given.startswith(tuple(OPENED)) or "Metered(" in given else f"opens by its name: {text}({given})"
    if name in ("read_text", "read_bytes") and owner and owner not in ("opener", "atomic"):
        return f"reads past the opener: {text}"
    is_path = owner.rpartition(".")[2] in ("path", "file_path", "part", "folder") or owner.startswith("Path(")
    return f"opens past the opener: {text}" if name == "open" and is_path else ""


def leads_out(call: ast.Call, name: str, keywords: dict[str, str]) -> bool:
    """Whether a write follows links below a folder that others may have made."""
    if name not in PLACES or "within" in keywords or len(call.args) >= PLACES[name]:
        return False
    return not (name == "make_folder" and ast.unparse(call.args[0]) in TRUSTED)


def writes(call: ast.Call, keywords: dict[str, str], text: str) -> bool:
    """Whether a mode says more than reading; a file in memory is nobody's disk."""
    if text == "h5py.File" and ast.unparse(call.args[0]) == "buffer":
        return False
    place = 0 if text.endswith(".open") and text not in ("io.open", "Image.open", "tarfile.open") else 1
    mode = keywords.get("mode") or (ast.unparse(call.args[place]) if len(call.args) > place else "'r'")
    return "SYSTEM" not in text and bool(re.fullmatch(r"'[rbt]*[wax+][rbt+]*'", mode))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_package_neither_executes_what_it_loads_nor_writes_past_the_writer(path: Path) -> None:
    if path.exists():
        assert hits(path.read_text(), path.relative_to(ROOT).as_posix()) == []


FORBIDDEN = [
    "import pickle", "from pickle import loads", "import yaml", "import shutil", "from os import replace",
    "eval('1')", "exec(text)", "compile(a, b, c)", "torch.load(path)", "torch.load(path, weights_only=False)",
    "torch.jit.load(path)", "np.load(path, allow_pickle=True)", "open(path, 'w')", "open(path, mode='ab')",
    "path.open('w')", "path.open(mode='r+')", "io.open(path, 'x')", "path.write_text('x')", "path.write_bytes(b'')",
    "os.replace(a, b)", "f = os.replace", "os.makedirs(a)", "path.mkdir()", "path.unlink()", "path.replace(other)",
    "h5py.File(path, 'w')", "h5py.File(path, 'a')", "np.save(path, a)", "torch.save(a, path)", "a.tofile(path)",
    "safetensors.torch.save_file(a, path)", "archive.extractall(path)", "zipfile.ZipFile(path, 'w')", "os.system('ls')",
    "atomic.write_text(a, b)", "atomic.append_line(a, b)", "atomic.make_folder(a)", "atomic.remove(path=a)",
    "open(path)", "open(path, 'rb')", "path.open('rb')", "path.read_text()", "(folder / NAME).read_bytes()",
    "h5py.File(path, 'r')", "zipfile.ZipFile(path)", "Image.open(path, formats=['PNG'])", "np.load(path)",
    "np.memmap(path, mode='r')", "torch.load(path, weights_only=True)", "os.open(path, 0)", "tarfile.open(path)",
    "os.write(f, b'')", "np.memmap(path)", "np.memmap(path, 'u1')", "np.memmap(path, 'u1', 'r+', 8)",
    "np.memmap(path, mode='w+')", "f = np.memmap",
]  # fmt: skip
ALLOWED = [
    "self.open('starter')", "opener.read_text(path)", "read_bytes(path)", "Image.open(file, formats=FORMATS)",
    "zipfile.ZipFile(file)", "h5py.File(io.BytesIO(data), 'r')", "os.fdopen(open_regular(path), 'rb')",
    "tarfile.open(fileobj=Metered(stream, limit), mode='r:')", "archive.open(info)",
    "text.replace('a', 'b')", "re.compile('a')", "atomic.write_text(path, text, root)", "atomic.make_folder(self.root)",
    "h5py.File(buffer, 'w')", "dataclasses.replace(a, b=1)", "disk.SYSTEM.mkdir(path)", "os.stat(path)",
    "model.eval()", "atomic.write_bytes(path, data, within=root)", "datetime.replace(tzinfo=None)", "os.write(2, b'')",
]  # fmt: skip


@pytest.mark.parametrize("source", FORBIDDEN)
def test_the_gate_closes(source: str) -> None:
    assert hits(source)


@pytest.mark.parametrize("source", ALLOWED)
def test_the_gate_opens(source: str) -> None:
    assert hits(source) == []
