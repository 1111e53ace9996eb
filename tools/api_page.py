"""`python -m tools.api_page`: docs/api.md, the public names with signature and docstring, read from the source.

Nothing is imported, so that the page is the same on every Python and takes no time. pdoc and mkdocstrings were
considered: they make a site to be hosted, and a page in the repository can be read where the code is.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/api.md"
HEAD = """# Python API

The public names of `mmap_studio` by the module that defines them. `python -m tools.api_page` makes this page from the
docstrings; a test fails where it is out of date.
"""
INIT = ROOT / "mmap_studio/__init__.py"
CALLED = {"__init__", "__call__"}
DECORATORS = {"property", "cached_property", "classmethod", "staticmethod"}


def body(module: str) -> list[ast.stmt]:
    """The statements of a module or package."""
    path = ROOT / module.replace(".", "/")
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()).body


def public() -> list[tuple[str, str]]:
    """Module and name of everything that `__init__` imports for type checkers, sorted; a package's by its file."""
    imports = [node for node in ast.walk(ast.parse(INIT.read_text())) if isinstance(node, ast.ImportFrom)]
    pairs = [(node.module or "", alias.name) for node in imports for alias in node.names]
    return sorted(origin(module, name) for module, name in pairs if module.startswith("mmap_studio."))


def origin(module: str, name: str) -> tuple[str, str]:
    """The module that defines a name, where another passes it on."""
    for node in body(module):
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            return origin(node.module or "", name)
    return module, name


def entry(module: str, name: str) -> Iterator[str]:
    """The lines of one name."""
    yield f"\n### `{name}`\n"
    for index, node in enumerate(nodes := body(module)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield from code([signature(node)])
            yield from prose(ast.get_docstring(node) or "")
        elif isinstance(node, ast.ClassDef) and node.name == name:
            bases = ", ".join(map(ast.unparse, node.bases))
            yield from code([f"class {name}({bases})" if bases else f"class {name}", *members(node)])
            yield from prose(ast.get_docstring(node) or "")
        elif isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            yield from code([ast.unparse(node)])
            yield from prose(said(nodes[index + 1 : index + 2]))


def members(of: ast.ClassDef) -> Iterator[str]:
    """Fields and public methods, each with the first line of what is said of it."""
    for index, node in enumerate(of.body):
        if isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
            yield from member(ast.unparse(node).replace("\n", " "), said(of.body[index + 1 : index + 2]))
        elif isinstance(node, ast.FunctionDef) and (node.name in CALLED or not node.name.startswith("_")):
            decorators = [f"@{name}" for name in map(ast.unparse, node.decorator_list) if name in DECORATORS]
            yield from member(" ".join([*decorators, signature(node)]), ast.get_docstring(node) or "")


def member(line: str, text: str) -> Iterator[str]:
    """Two lines, indented."""
    yield f"    {line}"
    if text:
        yield textwrap.indent(textwrap.fill(text.split("\n\n")[0], 104), "        # ")


def signature(node: ast.FunctionDef) -> str:
    """Name, arguments and what is returned."""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({ast.unparse(node.args)}){returns}"


def said(after: list[ast.stmt]) -> str:
    """The docstring that follows a field or a constant."""
    if after and isinstance(after[0], ast.Expr) and isinstance(after[0].value, ast.Constant):
        return inspect.cleandoc(str(after[0].value.value))
    return ""


def code(lines: list[str]) -> Iterator[str]:
    yield from ("```python", *lines, "```")


def prose(docstring: str) -> Iterator[str]:
    """The first paragraph as text; the others keep their form."""
    first, _, more = docstring.partition("\n\n")
    yield f"\n{first.replace('``', '`')}"
    if more:
        yield f"\n```text\n{more}\n```"


def page() -> str:
    """The whole page."""
    lines, last = [HEAD], ""
    for module, name in public():
        if module != last:
            lines.append(f"\n## {module}")
            last = module
        lines += entry(module, name)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
