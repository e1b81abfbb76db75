"""Which processes have a database file open: told by locks that the system takes away from a process that dies."""

import fcntl
import os
from pathlib import Path


class Presence:
    """This process among those that serve one database file, from `first` until `leave`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: int | None = None

    def first(self) -> bool:
        """Be present; whether nobody else is. It may wait for somebody who asks at the same moment."""
        self.leave()
        self._held = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._held, fcntl.LOCK_SH)
            return False
        return True

    def settle(self) -> None:
        """Let others in, after what only the first one does."""
        if self._held is not None:
            fcntl.flock(self._held, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Be gone."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
