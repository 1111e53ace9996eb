"""`python -m benchmarks NAME [--quick]`: one JSON line a figure."""

import argparse

from benchmarks.registry import NAMES, find


def main() -> None:
    """Measure one benchmark and print its figures as they come."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    asked = parser.parse_args()
    for figure in find(asked.name)(asked.quick):
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
