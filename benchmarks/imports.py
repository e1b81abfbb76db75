"""A OneRoster import against the plain load of the very rows it writes: `python -m benchmarks import BUNDLE`.

BUNDLE is a bundle as `benchmarks.oulad` makes it, or the folder of the data set, of which one is made. On each database
the two take turns, each in a process of its own and on a new database that is migrated and founded:

import   everything the command does: read the zip, judge, draft, write, say so in the audit, commit
again    the same bundle once more, which changes nothing
plain    the rows that the import left in all tables, made beforehand, by `executemany` on SQLite and by COPY on
         PostgreSQL, in one transaction, with the pragmas, indexes and constraints of the product

Told are the seconds on the clock and of processor, ours and the server's (where it runs on this machine), the memory of
the process at its highest, and the ratio of import to plain. `--probe` asks for a page of the application while the
import works beside it in the same process, and tells how long it took to answer.
"""

import argparse
import asyncio
import csv
import io
import os
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx2

from benchmarks import oulad
from benchmarks.places import (
    Cost,
    Meter,
    Place,
    Postgres,
    Sqlite,
    apart,
    counted,
    of_server,
    opened,
    server_pids,
    taken_out,
)
from portal import db
from portal.access import sessions
from portal.interchange import loading
from portal.scope import SYSTEM
from tools import services

PAGE = "/staff/people?q=nguyen"
PAUSE = 0.05


class Answers(NamedTuple):
    """How long a page took to answer, in seconds: alone, and during an import that took `took`."""

    alone: list[float]
    during: list[float]
    took: float


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    given = _arguments(argv)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="schoolyard-import-")))
        bundle = _bundle(given.bundle, given.students, scratch)
        for name in ("sqlite", "postgres") if given.database == "both" else (given.database,):
            place = Sqlite(scratch) if name == "sqlite" else Postgres(stack.enter_context(services.postgres()))
            print(f"\n{name}, {bundle.stat().st_size:,} bytes, {given.rounds} rounds")
            _measure(place, bundle, scratch, given.rounds)
            if given.probe:
                with place.database() as url:
                    _tell_answers(apart(_probed, url, bundle))


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks import", description="Import against plain load.")
    parser.add_argument("bundle", type=Path, help="a OneRoster bundle, or the folder of OULAD")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--students", type=int, help="only so many users of the bundle and what is theirs")
    parser.add_argument("--probe", action="store_true", help="ask for a page during an import")
    return parser.parse_args(argv)


def _measure(place: Place, bundle: Path, scratch: Path, rounds: int) -> None:
    """The rounds of one database, and what came of them."""
    rows = scratch / "rows.pickle"
    costs: dict[str, list[Cost]] = {"import": [], "again": [], "plain": []}
    for number in range(rounds):
        with place.database() as url:
            costs["import"].append(apart(_imported, url, bundle))
            if not number:
                with place.database() as founded:
                    apart(taken_out, founded, url, rows)
            costs["again"].append(apart(_imported, url, bundle))
        with place.database() as url:
            costs["plain"].append(apart(place.plain, url, rows)._replace(rows=apart(counted, url)))
    if len({cost.rows for kind in ("import", "plain") for cost in costs[kind]}) != 1:
        sys.exit("The plain load did not leave the rows of the import.")
    print(f"{costs['plain'][0].rows:,} rows; medians, in brackets the extremes")
    print(f"{'':8}{'clock':>22}{'processor':>22}{'ours':>8}{'server':>8}{'memory':>10}")
    for kind, found in costs.items():
        print(
            f"{kind:8}{_told([each.wall for each in found]):>22}{_told([each.processor for each in found]):>22}"
            f"{_middle([each.ours for each in found]):8.2f}{_middle([each.server for each in found]):8.2f}"
            f"{max(each.memory for each in found) >> 20:>7} MB"
        )
    for kind in ("import", "again"):
        wall = [one.wall / other.wall for one, other in zip(costs[kind], costs["plain"], strict=True)]
        used = [one.processor / other.processor for one, other in zip(costs[kind], costs["plain"], strict=True)]
        print(f"{kind} / plain: {_told(wall)} on the clock, {_told(used)} of processor")


def _tell_answers(answers: Answers) -> None:
    for name, found in (("alone", answers.alone), ("during", answers.during)):
        ordered = sorted(found)
        late = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        print(
            f"{PAGE} {name}: {len(found)} answers, median {_middle(found) * 1000:.0f} ms,"
            f" p99 {late * 1000:.0f} ms, slowest {ordered[-1] * 1000:.0f} ms"
        )
    print(f"the import took {answers.took:.1f} s meanwhile")


def _middle(found: Sequence[float]) -> float:
    return statistics.median(found)


def _told(found: Sequence[float]) -> str:
    return f"{_middle(found):.2f} ({min(found):.2f}..{max(found):.2f})"


async def _imported(url: str, bundle: Path) -> Cost:
    await opened(url)
    used = of_server(await server_pids())
    meter = Meter()
    outcome = await loading.load(SYSTEM, bundle, dry_run=False)
    cost = meter.read(of_server(await server_pids()) - used, 0)
    if outcome.refused:
        sys.exit("\n".join(str(problem) for problem in outcome.problems[:20]))
    await db.close()
    return cost._replace(rows=await counted(url))


async def _probed(url: str, bundle: Path) -> Answers:
    """Ask for the page, over and over, before and during an import in this process."""
    os.environ.setdefault("PORTAL_SECRET", "of a benchmark, and of nothing else but it")
    os.environ["PORTAL_DATABASE_URL"] = url
    import asgi

    await opened(url)
    account = await db.value("SELECT MIN(id) FROM account")
    async with db.transaction():
        token = await sessions.start(account)
    transport = httpx2.ASGITransport(app=asgi.app)
    async with httpx2.AsyncClient(transport=transport, base_url=asgi.app.state.settings.origin) as client:
        client.cookies.set("session", token)
        alone = [await _answered(client) for _ in range(40)]
        began = time.perf_counter()
        work = asyncio.create_task(loading.load(SYSTEM, bundle, dry_run=False))
        during = []
        while not work.done():
            during.append(await _answered(client))
        took = time.perf_counter() - began
        await work
    await db.close()
    return Answers(alone, during, took)


async def _answered(client: httpx2.AsyncClient) -> float:
    await asyncio.sleep(PAUSE)
    began = time.perf_counter()
    response = await client.get(PAGE)
    if response.status_code != 200:
        sys.exit(f"{PAGE} answers {response.status_code}")
    return time.perf_counter() - began


def _bundle(given: Path, students: int | None, scratch: Path) -> Path:
    """The bundle as asked for: made of the data set, cut down to some students."""
    bundle = given
    if given.is_dir():
        bundle = scratch / "oulad.zip"
        oulad.main(given, bundle)
    if students is None:
        return bundle
    smaller = scratch / "smaller.zip"
    with zipfile.ZipFile(bundle) as whole, zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as part:
        kept = {row["sourcedId"] for row in list(_dicts(whole, "users"))[:students]}
        for name, column in (
            ("users", "sourcedId"),
            ("roles", "userSourcedId"),
            ("enrollments", "userSourcedId"),
            ("results", "studentSourcedId"),
        ):
            found = [row for row in _dicts(whole, name) if row[column] in kept]
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(found[0]), lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(found)
            part.writestr(f"{name}.csv", text.getvalue())
        for info in whole.infolist():
            if info.filename not in part.namelist():
                part.writestr(info.filename, whole.read(info))
    return smaller


def _dicts(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, str]]:
    with archive.open(f"{name}.csv") as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


if __name__ == "__main__":
    main(sys.argv[1:])
