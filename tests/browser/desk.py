"""A browser on a desk: opens pages as somebody of the cast, and keeps a list of whatever went wrong on them."""

import urllib.parse
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.browser.house import PASSWORD, House
from tests.browser.visits import Look, Refused, Visit

# A blocked style or script, said where the console is read.
_TELL = """document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`blocked by the policy: ${event.violatedDirective} ${event.blockedURI}`);
});"""

# Every element of ours has its module, and has run it.
_SETTLED = """async () => {
  const waiting = [...document.querySelectorAll(":not(:defined)")].map((element) => element.localName);
  await Promise.all(waiting.map((name) => customElements.whenDefined(name)));
}"""

PATIENCE = 30_000  # milliseconds; a machine that runs other tests as well is slow


class Desk:
    """One browser and one house. `troubles` is to be empty at the end of every test."""

    def __init__(self, browser: Browser, house: House, *, scale: float = 1) -> None:
        self.browser = browser
        self.house = house
        self.troubles: list[str] = []
        self._scale = scale
        self._kept: dict[tuple[str, bool], Page] = {}
        self._fresh: list[BrowserContext] = []
        self._without_scripts: list[BrowserContext] = []

    def open(self, visit: Visit, look: Look | None = None, *, scripts: bool = True) -> Page:
        """The page of a visit, loaded, in the browser that is kept for who visits."""
        look = look or Look()
        page = self._page(visit.who, look, scripts=scripts)
        self._choose(page.context, visit.who, look)
        page.set_viewport_size({"width": look.size[0], "height": look.size[1]})
        return self.go(page, visit)

    def source(self, visit: Visit) -> str:
        """The source of a page, as the server sends it."""
        page = self._page(visit.who, Look(), scripts=True)
        answer = page.context.request.get(self.address(visit.path))
        assert answer.status == visit.status
        return answer.text()

    def fresh(self, who: str = "", look: Look | None = None, *, scripts: bool = True) -> Page:
        """An empty page of a browser that remembers nothing but who is signed in; closed after the test."""
        look = look or Look()
        context = self._context(who, look, scripts=scripts)
        self._fresh.append(context)
        self._choose(context, who, look)
        return context.new_page()

    def go(self, page: Page, visit: Visit) -> Page:
        """The same browser at another page."""
        answer = page.goto(self.address(visit.path))
        assert answer is not None
        assert answer.status == visit.status, f"{visit} answers {answer.status}"
        self.settle(page)
        return page

    def address(self, path: str) -> str:
        """The whole address of a path, its ids filled in."""
        return self.house.url + path.format(**self.house.ids)

    def send(self, page: Page, action: str, values: dict[str, str], status: int = 303) -> None:
        """Fill a form of the page and press its button; the answer has this status."""
        action = action.format(**self.house.ids)
        form = page.locator(
            f'form[method=post][action="{action}"]' if action else "form[method=post]:not([action])"
        ).first
        for name, value in values.items():
            form.locator(f'[name="{name}"]').fill(value)
        form.evaluate(
            "(form) => { for (let one = form; one; one = one.parentElement) if ('open' in one) one.open = true; }"
        )
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            form.locator("button.primary").click()
        assert answered.value.status == status, f"{action} answers {answered.value.status}"
        self.settle(page)

    def refused(self, case: Refused, look: Look | None = None, *, scripts: bool = True) -> Page:
        """The page that a refused form comes back with; wrong passwords are forgotten, or the house makes one wait."""
        self.house.write("DELETE FROM sign_in_attempt")
        page = self.open(case.visit, look, scripts=scripts)
        self.send(page, case.action, case.values, case.status)
        return page

    def sign_in(self, page: Page, who: str, password: str = PASSWORD) -> Page:
        """Through the form, as everybody does."""
        page.goto(f"{self.house.url}/sign-in")
        page.locator("#field-login").fill(f"{who}@example.com")
        page.locator("#field-password").fill(password)
        page.locator("button.primary").click()
        page.wait_for_url(lambda url: urllib.parse.urlsplit(url).path in ("/home", "/staff", "/consents"))
        return page

    def settle(self, page: Page) -> None:
        """Wait until the page has loaded and its elements have run their scripts."""
        page.wait_for_load_state("load")
        if page.context not in self._without_scripts:
            page.evaluate(_SETTLED)

    def forget(self, who: str) -> None:
        """Close the browser that is kept for somebody."""
        for key in [key for key in self._kept if key[0] == who]:
            self._kept.pop(key).context.close()

    def tidy(self) -> None:
        """Close what this test opened, and begin a new list of troubles."""
        for context in self._fresh:
            context.close()
        self._fresh.clear()
        self.troubles.clear()

    def _page(self, who: str, look: Look, *, scripts: bool) -> Page:
        key = (who, scripts)
        if key not in self._kept:
            self._kept[key] = self._context(who, look, scripts=scripts).new_page()
        return self._kept[key]

    def _context(self, who: str, look: Look, *, scripts: bool) -> BrowserContext:
        context = self.browser.new_context(
            viewport={"width": look.size[0], "height": look.size[1]},
            device_scale_factor=self._scale,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            storage_state=self._signed_in(who) if who else None,
        )
        context.set_default_timeout(PATIENCE)
        if not scripts:
            self._without_scripts.append(context)
        context.add_init_script(_TELL)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.troubles.append(f"{error.page and error.page.url}: {error.error}"))
        context.on("response", self._on_response)
        return context

    def _choose(self, context: BrowserContext, who: str, look: Look) -> None:
        context.add_cookies([{"name": "look", "value": f"{look.language}.{look.theme}", "url": self.house.url}])
        if who:
            self.house.set_look(who, look.language, look.theme)

    def _signed_in(self, who: str) -> Any:
        """The cookies of somebody, who signs in once and stays so."""
        if who not in self.house.signed_in:
            context = self.browser.new_context()
            self.sign_in(context.new_page(), who)
            self.house.signed_in[who] = context.storage_state()
            context.close()
        return self.house.signed_in[who]

    def _on_console(self, message: ConsoleMessage) -> None:
        page = message.page
        # That a page itself answers 404 or 422 is what the test came for.
        its_own = page is not None and message.location.get("url", "").partition("#")[0] == page.url.partition("#")[0]
        if its_own and message.text.startswith("Failed to load resource"):
            return
        if message.type in ("error", "warning"):
            self.troubles.append(f"{page and page.url}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.request.method} {response.url} answers {response.status}")
