"""Pages against the floor: `python -m benchmarks pages [--database sqlite|postgres|both] [--seconds N] [--check]`.

The pages are the signed-in home of a guardian, the grades of a child with sixty marks, and a search for people by a
branch manager; `benchmarks.centre` makes the centre. The floor is the very same answer (status, headers, packed body)
as a constant from a bare Starlette route on the same uvicorn. Page and floor are asked in turn, slice by slice, each in
a process of its own, over several connections at once, and the ratio is that of the processor time a request took in
the server: floor / page, 1 would be a page that costs nothing. Threads are counted, PostgreSQL's own processes are not:
they are told beside it. Absolute numbers are this machine's in this minute; the ratios are what holds elsewhere.

fresh   nothing is kept: the page is made for every request
kept    the page as this process keeps it, while its sources have not changed (`portal.web.views`)
304     the same for a browser that has it already
"""

import argparse
import json
import pickle
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks import centre
from benchmarks.centre import Centre
from benchmarks.servers import HEADERS, Server, Slice
from benchmarks.serving import Recorded
from tools import services

MOST_GROWTH = 1.1
MOST_STATEMENTS = {"fresh": 5, "kept": 2, "304": 2}
LEAST = {
    "sqlite": {"fresh": 0.02, "kept": 0.3, "304": 0.3},
    "postgres": {"fresh": 0.02, "kept": 0.15, "304": 0.15},
}


class Page(NamedTuple):
    """What is asked for, and by whom."""

    name: str
    path: str
    session: str

    @property
    def headers(self) -> dict[str, str]:
        return HEADERS | {"Cookie": f"session={self.session}"}


class Case(NamedTuple):
    """A page in one variant, and the answer to it."""

    page: Page
    variant: str
    headers: dict[str, str]
    answer: Recorded
    statements: int


class Result(NamedTuple):
    """What was measured of a case: medians of its slices, and the ratios of each pair of them."""

    case: Case
    ratios: list[float]
    floor: float
    page: float
    database: float
    rate: float
    p50: float
    p99: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def facts(self) -> dict[str, object]:
        """What a program may want to know of it."""
        case = self.case
        return {
            "page": case.page.name,
            "variant": case.variant,
            "ratio": self.ratio,
            "ratios": self.ratios,
            "floor_us": self.floor,
            "page_us": self.page,
            "database_us": self.database,
            "requests_per_second": self.rate,
            "p50_ms": self.p50,
            "p99_ms": self.p99,
            "statements": case.statements,
            "bytes": len(case.answer.body),
            "headers": len(case.answer.headers),
        }


def main(arguments: Sequence[str]) -> None:
    """Measure, print the table; with `--check` leave with 1 when a target is missed."""
    given = _arguments(arguments)
    databases = ["sqlite", "postgres"] if given.database == "both" else [given.database]
    told: dict[str, object] = {}
    missed: list[str] = []
    for database in databases:
        results, growth = _measured(database, given)
        told[database] = {"pages": [each.facts for each in results], "growth": growth}
        missed += _missed(database, results, growth)
    if given.json:
        given.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    if given.check:
        print("\n".join(missed) or "Every target is met.")
        sys.exit(1 if missed else 0)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks pages", description="Pages against a bare route.")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=8.0, help="for each page and variant, floor included")
    parser.add_argument("--slices", type=int, default=8, help="how often page and floor take turns in that time")
    parser.add_argument("--connections", type=int, default=8, help="how many ask at once")
    parser.add_argument("--scores", type=int, default=173_912, help="marks in the database")
    parser.add_argument("--few", type=int, default=1_000, help="marks in the other one, for growth")
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    parser.add_argument("--check", action="store_true", help="leave with 1 when a target is missed")
    given = parser.parse_args(arguments)
    if min(given.scores, given.few) < centre.OWN:
        parser.error(f"The measured classes alone have {centre.OWN} marks.")
    return given


def _measured(database: str, given: argparse.Namespace) -> tuple[list[Result], dict[str, float]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(services.postgres()) if database == "postgres" else ""

        def filled(scores: int) -> tuple[Centre, Server]:
            place = centre.sqlite(folder) if database == "sqlite" else centre.postgres(server)
            made = centre.fill(stack.enter_context(place), scores)
            return made, stack.enter_context(Server("portal", centre.settings(made.url), folder))

        many, portal = filled(given.scores)
        few, smaller = filled(given.few)
        print(f"\n{database}: {many.scores:,} marks, {many.people:,} people; {given.connections} connections")
        cases = [case for page in _pages(many) for case in _cases(portal, page)]
        answers = folder / "answers"
        answers.write_bytes(pickle.dumps([case.answer for case in cases]))
        floor = stack.enter_context(Server("floor", {**centre.settings(many.url), "FLOOR": str(answers)}, folder))
        _print_head()
        results = []
        for number, case in enumerate(cases):
            floor.tell(str(number))
            results.append(_compare(floor, portal, case, given))
            _print_result(results[-1])
        print(f"growth, fresh, from {few.scores:,} marks ({few.people:,} people): times the processor time")
        growth = dict(_growth(smaller, portal, _pages(few), _pages(many), given))
        print("  " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in growth.items()))
    return results, growth


def _pages(of: Centre) -> list[Page]:
    return [
        Page("grades", f"/children/{of.child}/grades", of.guardian),
        Page("home", "/home", of.guardian),
        Page("search", "/staff/people?q=nguyen", of.manager),
    ]


def _cases(portal: Server, page: Page) -> Iterator[Case]:
    """The variants of a page; a page that is not kept has one."""
    answer = _answer(portal, page, "fresh", page.headers, 200)
    yield answer
    tag = dict(answer.answer.headers).get(b"etag")
    if tag is not None:
        yield _answer(portal, page, "kept", page.headers, 200)
        yield _answer(portal, page, "304", page.headers | {"If-None-Match": tag.decode()}, 304)


def _answer(portal: Server, page: Page, variant: str, headers: dict[str, str], status: int) -> Case:
    """Ask twice, and look at the second answer: the first may be what the process keeps from then on."""
    _set(portal, variant)
    portal.tell("count")
    portal.get(page.path, headers)
    answer = portal.get(page.path, headers)
    portal.tell("time")
    if answer.status != status:
        sys.exit(f"{page.path} answers {answer.status} where {status} was expected.")
    statements = int(dict(answer.headers)[b"x-statements"])
    own = [header for header in answer.headers if header[0] != b"x-statements"]
    return Case(page, variant, headers, answer._replace(headers=own), statements)


def _compare(floor: Server, portal: Server, case: Case, given: argparse.Namespace) -> Result:
    _set(portal, case.variant)
    floors, pages = _in_turn(
        (floor, "/", case.headers),
        (portal, case.page.path, case.headers),
        status=case.answer.status,
        given=given,
    )
    latencies = sorted(latency for one in pages for latency in one.latencies)
    return Result(
        case,
        [below.ours / above.ours for below, above in zip(floors, pages, strict=True)],
        statistics.median(one.ours for one in floors),
        statistics.median(one.ours for one in pages),
        statistics.median(one.database for one in pages),
        statistics.median(one.count / one.seconds for one in pages),
        1000 * latencies[len(latencies) // 2],
        1000 * latencies[len(latencies) * 99 // 100],
    )


def _growth(
    smaller: Server, larger: Server, small: list[Page], large: list[Page], given: argparse.Namespace
) -> Iterator[tuple[str, float]]:
    for server in (smaller, larger):
        _set(server, "fresh")
    for of_few, of_many in zip(small, large, strict=True):
        few, many = _in_turn(
            (smaller, of_few.path, of_few.headers),
            (larger, of_many.path, of_many.headers),
            status=200,
            given=given,
        )
        pairs = zip(few, many, strict=True)
        yield of_few.name, statistics.median(one.ours / other.ours for other, one in pairs)


Asked = tuple[Server, str, dict[str, str]]


def _in_turn(one: Asked, other: Asked, *, status: int, given: argparse.Namespace) -> tuple[list[Slice], list[Slice]]:
    """Slices of the one and the other by turns, so that what disturbs the machine meets both."""
    seconds = given.seconds / (2 * given.slices)
    for server, path, headers in (one, other):
        server.drive(path, headers, status, seconds, given.connections)  # to warm up
    slices: tuple[list[Slice], list[Slice]] = ([], [])
    for _ in range(given.slices):
        for (server, path, headers), found in zip((one, other), slices, strict=True):
            found.append(server.drive(path, headers, status, seconds, given.connections))
    return slices


def _set(portal: Server, variant: str) -> None:
    portal.tell("fresh" if variant == "fresh" else "kept")


def _missed(database: str, results: list[Result], growth: dict[str, float]) -> list[str]:
    """The targets of the grades page that are missed, as sentences."""
    missed = []
    for result in results:
        case, least = result.case, LEAST[database][result.case.variant]
        if case.page.name != "grades":
            continue
        if result.ratio < least:
            missed.append(f"{database}, grades {case.variant}: {result.ratio:.3f} of the floor, at least {least}")
        if case.statements > MOST_STATEMENTS[case.variant]:
            most = MOST_STATEMENTS[case.variant]
            missed.append(f"{database}, grades {case.variant}: {case.statements} statements, at most {most}")
    if growth["grades"] > MOST_GROWTH:
        missed.append(f"{database}, grades: growth {growth['grades']:.2f}, at most {MOST_GROWTH}")
    return missed


def _print_head() -> None:
    print(
        f"{'page':8}{'variant':9}{'floor/page':>10}  {'of slices':13}{'statements':>10}{'kB':>7}"
        f"{'floor us':>10}{'page us':>9}{'database us':>13}{'requests/s':>12}{'p50 ms':>8}{'p99 ms':>8}"
    )


def _print_result(result: Result) -> None:
    case = result.case
    spread = f"{min(result.ratios):.3f}-{max(result.ratios):.3f}"
    print(
        f"{case.page.name:8}{case.variant:9}{result.ratio:10.3f}  {spread:13}{case.statements:10}"
        f"{len(case.answer.body) / 1000:7.1f}{result.floor:10.1f}{result.page:9.1f}{result.database:13.1f}"
        f"{result.rate:12,.0f}{result.p50:8.1f}{result.p99:8.1f}",
        flush=True,
    )
