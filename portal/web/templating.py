"""From a template and its data to a response, in the reader's language, theme and formats."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from lucide.jinja import lucide
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from portal.access import devices
from portal.errors import Sentence, say
from portal.gradebook.averages import rounded
from portal.people import contacts, names
from portal.scope import ANYONE, Permission, Scope
from portal.web.assets import Assets
from portal.web.forms import Form
from portal.web.lean import LeanContext, LeanEnvironment, Remembered, phrases
from portal.web.requests import set_flash
from portal.words import LANGUAGES, translated, translations

HOUSE = Path(__file__).parent.parent.parent
FOLDERS = (HOUSE / "portal" / "templates", HOUSE / "portal" / "pages", HOUSE / "staff")

# A page that follows a change says so once; the cookie carries the key, never the words.
FLASHES = {
    "saved": say("Saved."),
    "signed_out": say("You are signed out."),
    "password": say("Your password is changed. Other devices were signed out."),
    "session_ended": say("That device is signed out."),
    "invited": say("The invitation is on its way."),
    "role_given": say("The role is given."),
    "role_taken": say("The role is taken away."),
    "disabled": say("The account is closed and signed out everywhere."),
    "enabled": say("The account is open again."),
    "uploaded": say("The file is here and is being checked. Nothing is changed yet."),
    "added": say("Added."),
    "linked": say("Linked."),
    "packing": say("It is being packed. Load this page again in a moment."),
    "erased": say("The person is erased."),
    "unlinked": say("Unlinked. Other devices were signed out."),
    "identity_taken": say("Unlinked, and signed out everywhere."),
    "tried_again": say("It is tried again at once."),
    "let_go": say("Let go."),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """The signed-in person, as the layouts show them."""

    name: str
    given_name: str
    initials: str
    is_staff: bool
    is_family: bool


@dataclass(frozen=True, slots=True)
class Ui:
    """What every template may ask of the page around it."""

    language: str
    theme: str
    path: str
    query: str
    account: Reader | None
    scope: Scope
    demo: bool
    centre: str
    name_order: str
    time_zone: str
    flash: str | None
    languages: tuple[tuple[str, str], ...] = tuple(LANGUAGES.items())

    def may(self, permission: str) -> bool:
        """Whether the reader holds a permission, by its value."""
        return self.scope.may(Permission(permission))


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """Render a template; `form` is there, empty, unless the context brings one."""
    ui = _ui(request)
    assets: Assets = request.app.state.assets
    context.setdefault("form", Form(language=ui.language))
    html = environment(ui.language, assets).get_template(template).render(ui=ui, **context)
    response = HTMLResponse(html, status_code=status, headers={"Cache-Control": "private, no-cache"})
    if request.cookies.get("flash"):
        response.delete_cookie("flash", path="/")
    return response


def see(request: Request, path: str, *, flash: str = "") -> Response:
    """The answer to a change: look there (303), where one of `FLASHES` may be said."""
    response = RedirectResponse(path, status_code=303)
    if flash:
        set_flash(request, response, flash)
    return response


@cache
def environment(language: str, assets: Assets) -> Environment:
    """The templates of one language; compiled once, shared by all requests."""
    made = LeanEnvironment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.context_class = LeanContext
    phrase = phrases(translations(language))
    made.globals |= {
        "_": phrase,
        "gettext": phrase,
        "asset": assets.url,
        "stylesheet": assets.stylesheet,
        "import_map": assets.import_map,
        "icon": icon,
        "remembered": Remembered,
    }
    made.filters |= _formats(language)
    return made


@cache
def icon(name: str, label: str | None = None) -> Markup:
    """An icon as inline SVG: decoration, unless it is given a label."""
    known = {"aria-label": label, "role": "img"} if label else {"aria-hidden": "true"}
    return Markup(lucide(name, size=20, **{"class": "icon"}, **known))


def _ui(request: Request) -> Ui:
    state = request.state
    signed_in = getattr(state, "signed_in", None)
    scope: Scope = getattr(state, "scope", ANYONE)
    reader = None
    if signed_in is not None:
        reader = Reader(
            name=names.shown(
                signed_in.family_name, signed_in.middle_name, signed_in.given_name, state.centre.name_order
            ),
            given_name=signed_in.given_name,
            initials=names.initials(signed_in.family_name, signed_in.given_name),
            is_staff=scope.may(Permission.USE_STAFF_ROOM),
            is_family=scope.may(Permission.SEE_FAMILY_PAGES),
        )
    flash = FLASHES.get(request.cookies.get("flash", ""))
    return Ui(
        language=state.language,
        theme=state.theme,
        path=request.url.path,
        query=request.url.query,
        account=reader,
        scope=scope,
        demo=state.centre.demo,
        centre=state.centre.name,
        name_order=state.centre.name_order,
        time_zone=state.centre.time_zone,
        flash=translated(flash, state.language) if flash else None,
    )


@pass_context
def _moment(context: Context, value: dt.datetime | None) -> str:
    """An instant in the centre's zone: 24/11/2026 18:30."""
    if value is None:
        return ""
    ui: Ui = context["ui"]
    return format_datetime(value, "dd/MM/yyyy HH:mm", tzinfo=ZoneInfo(ui.time_zone), locale=ui.language)


@pass_context
def _clock(context: Context, value: dt.datetime | None) -> str:
    """The hour of an instant in the centre's zone: 18:30."""
    if value is None:
        return ""
    ui: Ui = context["ui"]
    return value.astimezone(ZoneInfo(ui.time_zone)).strftime("%H:%M")


@pass_context
def _full_name(context: Context, person: Any) -> str:
    """A person's name in the centre's order; takes anything with the three parts."""
    ui: Ui = context["ui"]
    return names.shown(person.family_name, person.middle_name, person.given_name, ui.name_order)


def _formats(language: str) -> dict[str, Any]:
    """How one language writes dates, numbers, marks and money."""

    def sentence(value: Sentence | str | None) -> str:
        return translated(value, language) if isinstance(value, Sentence) else (value or "")

    @lru_cache(maxsize=4096)
    def day(value: dt.date | None) -> str:
        return value.strftime("%d/%m/%Y") if value else ""

    def day_long(value: dt.date | None) -> str:
        pattern = "EEEE, d MMMM y" if language == "en" else "full"
        return format_date(value, pattern, locale=language) if value else ""

    @lru_cache(maxsize=4096)  # a page shows the same few marks over and over, and Babel takes its time
    def mark(thousandths: int | None) -> str:
        """Points, kept in thousandths: 8500 is 8,5."""
        return "" if thousandths is None else format_decimal(Decimal(thousandths) / 1000, "#,##0.###", locale=language)

    @lru_cache(maxsize=4096)
    def part(fraction: Fraction) -> str:
        """A part of 1 as a percentage with one decimal, halves up."""
        return percent(rounded(fraction))

    def percent(fraction: Any) -> str:
        return format_percent(fraction, "#,##0.#%", locale=language)

    return {
        "sentence": sentence,
        "day": day,
        "day_long": day_long,
        "weekday": lambda number: _weekday(number, language),
        "hour": lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}",
        "moment": _moment,
        "clock": _clock,
        "full_name": _full_name,
        "phone": contacts.shown_phone,
        "initials": lambda person: names.initials(person.family_name, person.given_name),
        "number": lambda value: format_decimal(value, locale=language),
        "mark": mark,
        "percent": percent,
        "part": part,
        "device": lambda agent: sentence(devices.spoken(agent)),
    }


def _weekday(number: int, language: str) -> str:
    """ISO weekday 1 to 7 by name."""
    monday = dt.date(2026, 1, 5)
    return format_date(monday + dt.timedelta(days=number - 1), "EEEE", locale=language)
