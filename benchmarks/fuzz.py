"""Fuzz what reads bytes from strangers: bytes are changed at random, and only our errors may come.

    python -m benchmarks.fuzz --seconds 600
    python -m benchmarks.fuzz --target coco --only 1234     # one execution again, as it was

Every target has seeds that are made in code, and a list of the errors it documents; some also have
pieces that are too deep or too long, which one execution in ten gets. Execution `n` of a target is
the same wherever it runs. Whatever else comes out is a find, and so is one execution
that takes longer than `SLOW_SECONDS`; finds are printed with the number that makes them again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.reliability.fuzz_targets import all_targets
from tests.reliability.fuzzing import Tally, mutated, run


def _told(tallies: dict[str, Tally]) -> None:
    print(f"{'target':32} {'executions':>11} {'refused':>9} {'slowest s':>10} {'finds':>6}")
    total: Counter[str] = Counter()
    for name, tally in tallies.items():
        total += Counter(executions=tally.executions, refused=tally.refused, finds=len(tally.finds))
        print(
            f"{name:32} {tally.executions:>11,} {tally.refused:>9,} {tally.slowest:>10.3f} "
            f"{len(tally.finds):>6}"
        )
        for find in tally.finds.values():
            print(f"  {find.count:,} x {find.said!r}, first --only {find.number}")
    print(
        f"{'all':32} {total['executions']:>11,} {total['refused']:>9,} {'':10} {total['finds']:>6}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets; 1 when anything but a documented error came out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--start", type=int, default=0, help="the first round's number (0)")
    parser.add_argument("--rounds", type=int, help="end after so many rounds")
    parser.add_argument(
        "--target", action="append", help="only targets whose names begin so; may be repeated"
    )
    parser.add_argument("--only", type=int, help="one execution, with its traceback")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        targets = [
            target
            for target in all_targets(Path(folder))
            if options.target is None or target.name.startswith(tuple(options.target))
        ]
        if options.only is not None:
            for target in targets:
                data = mutated(target.seeds, options.only, target.hostile)
                print(f"{target.name}: {data!r}")
                target.call(data)
            return 0
        tallies = run(targets, options.seconds, options.start, options.rounds)
    _told(tallies)
    return 1 if any(tally.finds for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
