"""`python -m tests.fuzz [--inputs N] [FOLDER ...]`: many hostile requests, and every file of the folders to every door.

A file must end in a page below 500 and, where a run comes of it, in a run that ended in its own words. What each took
is printed: seconds, and how much the process has grown.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from portal import db, files, jobs, mail
from portal.access import throttle
from tests.cast import ORIGIN
from tests.fuzz.inputs import Input
from tests.fuzz.test_inputs import REQUESTS
from tests.fuzz.world import Worlds, send

DOORS = [("/staff/imports", {}), *(("/staff/imports/people", {"kind": k}) for k in ("students", "guardians", "staff"))]


def main() -> int:
    """Both parts; 1 when either found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="requests to draw (0: none)")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    status = 0
    if asked.inputs:
        examples = str(max(1, asked.inputs // REQUESTS))
        print(f"{int(examples) * REQUESTS:,} requests", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "tests/fuzz/test_inputs.py", "-k", "hostile"]
        status = subprocess.run(command, env=os.environ | {"PORTAL_TEST_EXAMPLES": examples}, check=False).returncode
    found = sorted(path for folder in asked.folders for path in folder.rglob("*") if path.is_file())
    return status or _send_all(found)


def _send_all(found: list[Path]) -> int:
    throttle.enforced = False
    with tempfile.TemporaryDirectory() as folder:
        files.configure(Path(folder) / "media")
        mail.configure(mail.Post(centre="Sân Trường", public_url=ORIGIN, language="vi", demo=True))
        worlds = Worlds(Path(folder))
        ends: Counter[str] = Counter()
        for path in found:
            for place, fields in DOORS:
                with worlds.another() as url:
                    begun = time.monotonic()
                    end = asyncio.run(_send(url, path, place, fields))
                seconds = time.monotonic() - begun
                ends[end] += 1
                if end.startswith("BROKE") or seconds > 5:
                    print(f"{end:<24} {seconds:5.1f} s  {place} {fields.get('kind', '')} {path.name}", flush=True)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{len(found)} files to {len(DOORS)} doors, at most {grown} MB: {dict(ends)}", flush=True)
    return int(any(end.startswith("BROKE") for end in ends))


async def _send(url: str, path: Path, place: str, fields: dict[str, str]) -> str:
    """How it ended: a status, or the state of the run that came of it."""
    content = path.read_bytes()
    parts = [
        b"--x\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n" % (name.encode(), value.encode())
        for name, value in fields.items()
    ]
    parts += [b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n', content, b"\r\n--x--\r\n"]
    headers = ((b"content-type", b"multipart/form-data; boundary=x"),)
    await db.open(url)
    try:
        status, _, then = await send(Input("POST", place, b"", headers, b"".join(parts)))
        if status >= 500:
            return f"BROKE {status}"
        await jobs.drain()
        if then and (await send(Input("GET", then, b"", (), b""))).status != 200:
            return "BROKE the page after"
        if await db.value("SELECT COUNT(*) FROM job WHERE reason <> ''"):
            return "BROKE the worker"
        state, problems = await db.row("SELECT state, problems FROM import_run") or (str(status), "")
        return "BROKE the import" if "broke off" in problems else state
    finally:
        await db.close()


if __name__ == "__main__":
    sys.exit(main())
