"""`python -m benchmarks pages|import`: what is measured, each with its own `--help`."""

import sys
from importlib import import_module

MEASURES = {"pages": "benchmarks.pages", "import": "benchmarks.imports"}


def main(arguments: list[str]) -> None:
    """Hand the arguments on to the measure they begin with."""
    if not arguments or arguments[0] not in MEASURES:
        sys.exit(f"Use: python -m benchmarks {'|'.join(MEASURES)} [--help]")
    import_module(MEASURES[arguments[0]]).main(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
