"""A bar on standard error: one line that fills at a terminal, one line a stage in a log."""

import sys
import time
from typing import TextIO

WIDTH = 30


class Bar:
    """Hears how far a piece of work is, as `bar(stage, done, total)`, and shows it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._stage = ""
        self._shown = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            self._stage = stage
            if not self._live:
                self._say(f"  {stage} ...\n")
        now = time.monotonic()
        if self._live and (done >= total or now - self._shown > 0.1):
            self._shown = now
            self._say("\r" + _line(stage, done, total))

    def close(self) -> None:
        """End the line of the last stage."""
        if self._stage and self._live:
            self._say("\n")
        self._stage = ""

    def _say(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _line(stage: str, done: int, total: int) -> str:
    part = min(done / total, 1.0) if total else 1.0
    filled = int(part * WIDTH)
    return f"  {stage:<24} [{'#' * filled}{'.' * (WIDTH - filled)}] {part:4.0%}  {done:,} of {total:,}"
