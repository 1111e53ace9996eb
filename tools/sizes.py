"""`python -m tools.sizes`: lines of Python by room, and the longest files and functions. A report, not a limit."""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONGEST = 10


def functions(path: Path) -> Counter[str]:
    """Lines of every function and method of a file, docstring and decorators included."""
    sizes: Counter[str] = Counter()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            sizes[f"{path.relative_to(ROOT)}:{first} {node.name}"] = (node.end_lineno or first) - first + 1
    return sizes


def main() -> None:
    """Print the report."""
    files = Counter({path: len(path.read_text().splitlines()) for path in (ROOT / "mmap_studio").rglob("*.py")})
    rooms: Counter[str] = Counter()
    for path, lines in files.items():
        rooms[str(path.parent.relative_to(ROOT))] += lines
    print(f"{files.total():,} lines in {len(files)} files of mmap_studio")
    for title, sizes in (
        ("rooms", dict(sorted(rooms.items()))),
        ("longest files", {str(path.relative_to(ROOT)): lines for path, lines in files.most_common(LONGEST)}),
        ("longest functions", dict(sum(map(functions, files), Counter()).most_common(LONGEST))),
    ):
        print(f"\n{title}")
        print("\n".join(f"{lines:7,}  {name}" for name, lines in sizes.items()))


if __name__ == "__main__":
    main()
