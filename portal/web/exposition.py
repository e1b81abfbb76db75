"""`/metrics`: what the process counted and what the database knows, for Prometheus (decision 0011).

It opens to `PORTAL_METRICS_TOKEN`, or to a peer on this very machine that came here straight; to anybody else it is an
address like any other that does not exist.
"""

import hmac
import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import db
from portal.oversight import facts
from portal.oversight.facts import Facts
from portal.scope import SYSTEM
from portal.web import metrics
from portal.web.guard import unguarded
from portal.web.requests import settings_of

# What a proxy on this machine would have added. uvicorn takes the peer's address from X-Forwarded-For when the peer is
# trusted; so who comes without any of these is the peer itself.
_FORWARDING = frozenset({"forwarded", "via", "true-client-ip", "cf-connecting-ip"})
_FORWARDING_STARTS = ("x-forwarded", "x-real-", "x-client-", "x-cluster-", "x-original-")


@unguarded
async def exposed(request: Request) -> Response:
    """Everything that is counted, in Prometheus' text format; 404 for whoever may not know."""
    if not (_has_token(request) or _is_here(request)):
        raise HTTPException(404)
    together = CollectorRegistry()
    together.register(metrics.gathered())
    together.register(_Known(await _facts()))
    body = generate_latest(together)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _has_token(request: Request) -> bool:
    token = settings_of(request).metrics_token
    given = request.headers.getlist("authorization")
    if not token or len(given) != 1:
        return False
    scheme, _, sent = given[0].partition(" ")
    same = hmac.compare_digest(sent.strip().encode("utf-8", "surrogateescape"), token.encode())
    return scheme.lower() == "bearer" and same


def _is_here(request: Request) -> bool:
    """Whether the request came from this machine, to this machine by its own name, through nobody."""
    names = {name.lower() for name in request.headers}
    if names & _FORWARDING or any(name.startswith(_FORWARDING_STARTS) for name in names):
        return False
    return _is_loopback(request.client.host if request.client else "") and _is_loopback(_host(request))


def _host(request: Request) -> str:
    given = request.headers.getlist("host")
    try:
        return (urlsplit(f"//{given[0]}").hostname or "") if len(given) == 1 else ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _facts() -> Facts | None:
    """None while the database does not answer: that is worth knowing too."""
    try:
        async with db.snapshot():
            return await facts.gather(SYSTEM)
    except (OSError, db.OperationalError):
        return None


class _Known:
    """The facts of one moment as metrics."""

    def __init__(self, known: Facts | None) -> None:
        self._facts = known

    def collect(self) -> Iterator[Metric]:
        up = self._facts is not None
        yield _gauge("schoolyard_database_up", "Whether the database answers.", int(up))
        if self._facts is not None:
            yield from self._numbers(self._facts)
            yield from self._jobs(self._facts)

    def _numbers(self, known: Facts) -> Iterator[Metric]:
        yield _gauge("schoolyard_database_bytes", "Size of the database.", known.database)
        yield _gauge("schoolyard_sessions", "Sessions that are open.", known.sessions)
        yield _gauge("schoolyard_accounts_seen", "Accounts whose sessions were seen in 15 minutes.", known.accounts)
        mail = known.of("mail")
        letters = GaugeMetricFamily(
            "schoolyard_letters",
            "Letters: waiting to be sent, given up, and of the last day those sent and those that were to stay here.",
            labels=["state"],
        )
        states = {"waiting": mail.due + mail.running + mail.later, "failed": mail.dead}
        for state, count in (states | {"sent_last_day": known.sent, "kept_last_day": known.kept}).items():
            letters.add_metric([state], count)
        yield letters

    def _jobs(self, known: Facts) -> Iterator[Metric]:
        jobs = GaugeMetricFamily(
            "schoolyard_jobs", "Work behind the pages, by kind and by where it stands.", labels=["kind", "state"]
        )
        oldest = GaugeMetricFamily(
            "schoolyard_jobs_oldest_seconds", "How long the first in line is overdue.", labels=["kind"]
        )
        for one in known.kinds:
            states = {"due": one.due, "running": one.running, "later": one.later, "dead": one.dead}
            for state, count in states.items():
                jobs.add_metric([one.kind, state], count)
            oldest.add_metric([one.kind], one.oldest)
        yield jobs
        yield oldest


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


routes = [Route("/metrics", exposed)]
