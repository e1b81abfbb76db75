"""What the process counts of itself, for `/metrics` (decision 0011) and for the page about the house.

A request costs a few microseconds here: the children of every label are bound once and kept. No label takes what
somebody outside has chosen: an address that is no route of ours is "none", a method that HTTP does not know "other".

With several workers (`PROMETHEUS_MULTIPROC_DIR`, set by `serve`) every process writes into files of its own, and
whichever is asked answers for all of them.
"""

import asyncio
import os
import resource
import sys
import time
from functools import lru_cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.types import Scope

from portal import db, jobs
from portal.web.recent import Recent

NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
BEAT = 1.0
LAGS = 60  # beats whose worst lag is told

registry = CollectorRegistry()
recent = Recent()

_requests = Histogram(
    "schoolyard_request_seconds",
    "How long requests took, by the route that answered.",
    ["method", "route", "status"],
    buckets=SECONDS,
    registry=registry,
)
_statements = Counter(
    "schoolyard_sql_statements", "Statements sent to the database by requests.", ["route"], registry=registry
)
_sql_seconds = Counter(
    "schoolyard_sql_seconds", "Seconds that requests waited for the database.", ["route"], registry=registry
)
_views = Counter(
    "schoolyard_views",
    "Pages made from versions: made anew, given again as they were, or not sent because the reader has them (304).",
    ["kind"],
    registry=registry,
)
_job_runs = Counter("schoolyard_job_runs", "Runs of jobs and how they ended.", ["kind", "outcome"], registry=registry)
_job_seconds = Counter("schoolyard_job_seconds", "Seconds that runs of jobs took.", ["kind"], registry=registry)
_cpu = Gauge("schoolyard_worker_cpu_seconds", "CPU time of a worker.", registry=registry, multiprocess_mode="liveall")
_memory = Gauge("schoolyard_worker_memory_bytes", "Memory of a worker.", registry=registry, multiprocess_mode="liveall")
_lag = Gauge(
    "schoolyard_loop_lag_seconds",
    "The longest of the last minute that something which was due waited for a worker's event loop.",
    registry=registry,
    multiprocess_mode="liveall",
)
_begun = Gauge(
    "schoolyard_worker_start_time_seconds",
    "When a worker began, since 1970.",
    registry=registry,
    multiprocess_mode="liveall",
)

FRESH, CACHED, UNCHANGED = "fresh", "cached", "304"
_view = {kind: _views.labels(kind) for kind in (FRESH, CACHED, UNCHANGED)}


def view(kind: str) -> None:
    """Count a page given from versions: `FRESH`, `CACHED` or `UNCHANGED`."""
    _view[kind].inc()


def request(scope: Scope, status: int, seconds: float, spent: db.Spent) -> None:
    """Count a request that was answered with `status` (0: it broke before) and what it spent on the database."""
    found = scope.get("route")
    route = found.path if found is not None else scope.get("view", NO_ROUTE)
    _timer(scope["method"], route, status // 100).observe(seconds)
    if spent.statements:
        statements, waited = _sql(route)
        statements.inc(spent.statements)
        waited.inc(spent.seconds)
    recent.note(time.monotonic(), scope["method"], route, seconds, spent.statements)


def ran(kind: str, outcome: str, seconds: float) -> None:
    """Count a run of a job; `outcome` is "done", "failed" (it will be tried again) or "dead"."""
    _job_runs.labels(kind, outcome).inc()
    _job_seconds.labels(kind).inc(seconds)


async def heartbeat(stopping: asyncio.Event) -> None:
    """Every second until `stopping`: how late the loop is, and what the process uses."""
    jobs.watch(ran)
    _begun.set(time.time())
    loop, lags = asyncio.get_running_loop(), [0.0] * LAGS
    beat = 0
    while not stopping.is_set():
        due = loop.time() + BEAT
        try:
            await asyncio.wait_for(stopping.wait(), BEAT)
        except TimeoutError:
            lags[beat % LAGS] = max(0.0, loop.time() - due)
            beat += 1
        _lag.set(max(lags))
        _cpu.set(time.process_time())
        _memory.set(memory())


def loop_lag() -> float:
    """The longest lag of this worker's event loop in the last minute, in seconds."""
    return next(sample.value for metric in _lag.collect() for sample in metric.samples)


def memory() -> int:
    """Bytes of memory that this process holds; where the system does not tell, the most it ever held."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def gathered() -> CollectorRegistry:
    """What this process counted; with several workers, what all of them did."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return registry
    for file in Path(folder).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not _lives(pid):
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    together = CollectorRegistry()
    MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
    return together


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@lru_cache(maxsize=4096)
def _timer(method: str, route: str, status: int) -> Histogram:
    known = method if method in METHODS else "other"
    return _requests.labels(known, route, f"{status}xx" if status else "broken")


@lru_cache(maxsize=1024)
def _sql(route: str) -> tuple[Counter, Counter]:
    return _statements.labels(route), _sql_seconds.labels(route)
