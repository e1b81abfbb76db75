"""A first visit is light, a second one is one request."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.desk import Desk
from tests.browser.visits import Visit

MOST_BYTES = 60_000
MOST_REQUESTS = 15
VISITS = [
    Visit("", "/"),
    Visit("", "/sign-in"),
    Visit("lan", "/home"),
    Visit("lan", "/children/{minh}/grades"),
    Visit("mai", "/staff"),
    Visit("mai", "/staff/people"),
]


@dataclass
class Wire:
    """What a page fetches: bytes as they travel, by request; what a cache gives is not among them."""

    asked: dict[str, str] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    arrived: dict[str, int] = field(default_factory=dict)

    def listen(self, page: Page) -> "Wire":
        client = page.context.new_cdp_session(page)
        client.on("Network.requestWillBeSent", self._on_request)
        client.on("Network.requestServedFromCache", lambda event: self.cached.add(event["requestId"]))
        client.on("Network.responseReceived", self._on_response)
        client.on("Network.loadingFinished", self._on_finished)
        client.send("Network.enable")
        return self

    def forget(self) -> None:
        self.asked.clear()
        self.cached.clear()
        self.arrived.clear()

    @property
    def requests(self) -> list[str]:
        return [url for key, url in self.asked.items() if key not in self.cached]

    @property
    def bytes(self) -> int:
        return sum(size for key, size in self.arrived.items() if key not in self.cached)

    def _on_request(self, event: Any) -> None:
        if not event["request"]["url"].startswith("data:"):
            self.asked[event["requestId"]] = event["request"]["url"]

    def _on_response(self, event: Any) -> None:
        if event["response"].get("fromDiskCache") or event["response"].get("fromPrefetchCache"):
            self.cached.add(event["requestId"])

    def _on_finished(self, event: Any) -> None:
        self.arrived[event["requestId"]] = int(event["encodedDataLength"])


@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_a_first_visit_is_light_and_a_second_asks_for_the_page_alone(desk: Desk, visit: Visit):
    page = desk.fresh(visit.who)
    wire = Wire().listen(page)
    desk.go(page, visit)
    page.wait_for_load_state("networkidle")
    told = f"{visit}: {wire.bytes:,} bytes in {len(wire.requests)} requests: {wire.requests}"
    assert 3_000 < wire.bytes < MOST_BYTES, told
    assert 3 < len(wire.requests) <= MOST_REQUESTS, told

    wire.forget()
    desk.go(page, visit)
    page.wait_for_load_state("networkidle")
    assert wire.requests == [page.url]


def test_every_file_of_a_page_is_kept_for_a_year_and_packed(desk: Desk):
    page = desk.fresh()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    desk.go(page, Visit("", "/sign-in"))
    page.wait_for_load_state("networkidle")
    files = [answer for answer in answers if "/static/" in answer.url]
    assert len(files) > 3
    for answer in files:
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
