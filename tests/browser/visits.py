"""Every page there is, and who visits it where. A route without a visit fails `test_every_page_is_visited`."""

from dataclasses import dataclass, field
from itertools import product


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody of the cast (or "", a visitor) at an address; `{minh}` in it is an id that the house knows."""

    who: str
    path: str
    status: int = 200

    def __str__(self) -> str:
        return f"{self.who or 'visitor'} at {self.path}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A form sent with what it must refuse: the values by name, in the form that posts to `action`."""

    visit: Visit
    action: str
    values: dict[str, str] = field(default_factory=dict)
    status: int = 422

    def __str__(self) -> str:
        return f"{self.visit} sends {self.action} {' '.join(self.values) or 'empty'}"


# Route -> visits. The families' pages are seen by Lan, and by An, whose names are as long as names may be.
PAGES: dict[str, list[Visit]] = {
    "/": [Visit("", "/"), Visit("lan", "/")],
    "/sign-in": [Visit("", "/sign-in")],
    "/forgotten": [Visit("", "/forgotten")],
    "/reset/{key}": [Visit("", "/reset/{reset}")],
    "/invitation/{key}": [Visit("", "/invitation/{invitation}")],
    "/patterns": [Visit("", "/patterns")],
    "/home": [Visit("lan", "/home"), Visit("an", "/home"), Visit("minh", "/home")],
    "/grades": [Visit("minh", "/grades")],
    "/children/{id:id}/grades": [Visit("lan", "/children/{minh}/grades"), Visit("an", "/children/{bao}/grades")],
    "/profile/privacy": [Visit("lan", "/profile/privacy"), Visit("hoa", "/profile/privacy")],
    "/consents": [Visit("hai", "/consents")],
    "/children/{id:id}/readers": [Visit("lan", "/children/{minh}/readers"), Visit("an", "/children/{bao}/readers")],
    "/profile": [Visit("an", "/profile"), Visit("hoa", "/profile")],
    "/staff": [Visit("hoa", "/staff"), Visit("mai", "/staff"), Visit("admin", "/staff")],
    "/staff/people": [
        Visit("duc", "/staff/people"),
        Visit("hoa", "/staff/people"),
        Visit("accounts", "/staff/people?q=nghieng"),
        Visit("director", "/staff/people?page=2"),
    ],
    "/staff/people/{id:id}": [
        Visit("care", "/staff/people/{an_person}"),
        Visit("duc", "/staff/people/{hoa_person}"),
        Visit("admin", "/staff/people/{bao_person}"),
    ],
    "/staff/people/{id:id}/privacy": [
        Visit("care", "/staff/people/{bao_person}/privacy"),
        Visit("director", "/staff/people/{minh_person}/privacy"),
        Visit("admin", "/staff/people/{an_person}/privacy"),
    ],
    "/staff/people/{id:id}/readers": [
        Visit("mai", "/staff/people/{bao_person}/readers"),
        Visit("admin", "/staff/people/{hoa_person}/readers"),
    ],
    "/staff/people/{id:id}/erasure": [
        Visit("director", "/staff/people/{bao_person}/erasure"),
        Visit("director", "/staff/people/{hoa_person}/erasure"),
        Visit("admin", "/staff/people/{an_person}/erasure"),
    ],
    "/staff/privacy": [Visit("admin", "/staff/privacy")],
    "/staff/people/new": [Visit("duc", "/staff/people/new")],
    "/staff/students/{id:id}": [
        Visit("mai", "/staff/students/{bao}"),
        Visit("hoa", "/staff/students/{minh}"),
        Visit("accounts", "/staff/students/{chi}"),
    ],
    "/staff/students/{id:id}/guardians": [
        Visit("care", "/staff/students/{bao}/guardians"),
        Visit("mai", "/staff/students/{minh}/guardians?q=nguyen"),
        Visit("mai", "/staff/students/{minh}/guardians?person_id={hoa_person}"),
    ],
    "/staff/accounts": [Visit("admin", "/staff/accounts"), Visit("mai", "/staff/accounts")],
    "/staff/accounts/new": [
        Visit("admin", "/staff/accounts/new"),
        Visit("mai", "/staff/accounts/new?person_id={bao_person}"),
    ],
    "/staff/accounts/{id:id}": [
        Visit("admin", "/staff/accounts/{an_account}"),
        Visit("admin", "/staff/accounts/{mai_account}"),
        Visit("director", "/staff/accounts/{hoa_account}"),
    ],
    "/staff/roles": [Visit("mai", "/staff/roles")],
    "/staff/imports": [Visit("admin", "/staff/imports"), Visit("director", "/staff/imports")],
    "/staff/imports/{id:id}": [
        Visit("admin", "/staff/imports/{run}"),
        Visit("director", "/staff/imports/{run_refused}"),
        Visit("admin", "/staff/imports/{run_going}"),
        Visit("admin", "/staff/imports/{run_people}"),
        Visit("mai", "/staff/imports/{run_staff}"),
    ],
    "/staff/imports/{id:id}/undo": [Visit("admin", "/staff/imports/{run_written}/undo")],
    "/staff/imports/people": [Visit("mai", "/staff/imports/people"), Visit("admin", "/staff/imports/people")],
    "/staff/imports/people/{id:id}": [
        Visit("admin", "/staff/imports/people/{sheet}"),
        Visit("mai", "/staff/imports/people/{sheet_staff}"),
    ],
    "/staff/audit": [Visit("admin", "/staff/audit"), Visit("director", "/staff/audit?record=account")],
    "/staff/house": [Visit("admin", "/staff/house")],
    "/staff/house/jobs": [Visit("admin", "/staff/house/jobs")],
    "/staff/outbox": [Visit("admin", "/staff/outbox")],
    "/staff/outbox/{id:id}": [Visit("admin", "/staff/outbox/{letter}")],
}

# Routes that answer with no page of their own.
NO_PAGES = {
    "/static/{path:path}": "files",
    "/profile/privacy/exports/{id:id}": "a file",
    "/sign-in/with/{provider}": "leads to /sign-in",
    "/sign-in/with/{provider}/callback": "leads on; visited in test_identities.py",
    "/healthz": "for machines",
    "/readyz": "for machines",
    "/staff/imports/people/template": "a file",
    "/staff/imports/{id:id}/mistakes": "a file",
    "/staff/imports/{id:id}/problems": "a file",
    "/metrics": "for machines",
    "/staff/imports/{id:id}/progress": "a part of /staff/imports/{id:id}, asked for by its script",
}

# Pages with nothing on them yet, and pages that say no.
STATES = [
    Visit("hai", "/home"),
    Visit("an", "/children/{han}/grades"),
    Visit("duc", "/staff/people?q=qqqq"),
    Visit("duc", "/staff/people?page=900"),
    Visit("duc", "/staff/people?page=first", 422),
    Visit("mai", "/staff/students/{han}"),
    Visit("", "/nowhere", 404),
    Visit("lan", "/children/{bao}/grades", 404),
    Visit("lan", "/staff", 403),
    Visit("accounts", "/staff/students/999999", 404),
    Visit("duc", "/home", 403),
    Visit("mai", "/staff/accounts?q=qqqq"),
    Visit("mai", "/staff/students/{minh}/guardians?q=qqqq"),
    Visit("director", "/staff/imports?page=9"),
    Visit("admin", "/staff/outbox?page=9"),
    Visit("admin", "/staff/house/jobs?page=9"),
    Visit("", "/reset/used-already", 410),
    Visit("", "/invitation/used-long-ago", 410),
    Visit("", "/look", 405),
]

REFUSED = [
    Refused(Visit("duc", "/staff/people/new"), "/staff/people/new"),
    Refused(Visit("duc", "/staff/people/new"), "/staff/people/new", {"family_name": "Trần", "given_name": "Minh"}),
    Refused(Visit("care", "/staff/students/{bao}/guardians"), "/staff/students/{bao}/guardians/{bao_guardian}"),
    Refused(
        Visit("mai", "/staff/students/{minh}/guardians?person_id={hoa_person}"), "/staff/students/{minh}/guardians"
    ),
    Refused(Visit("mai", "/staff/accounts/new?person_id={bao_person}"), "/staff/accounts/new"),
    Refused(Visit("admin", "/staff/accounts/{mai_account}"), "/staff/accounts/{mai_account}/roles"),
    Refused(Visit("admin", "/staff/imports"), "/staff/imports"),
    Refused(Visit("mai", "/staff/imports/people"), "/staff/imports/people"),
    Refused(Visit("care", "/staff/people/{bao_person}/privacy"), "/staff/people/{bao_person}/privacy/consents"),
    Refused(Visit("admin", "/staff/privacy"), "/staff/privacy", {"attempts": "0", "acts": "1"}),
    Refused(Visit("", "/sign-in"), "/sign-in"),
    Refused(Visit("", "/sign-in"), "/sign-in", {"login": "nobody@example.com", "password": "wrong"}),
    Refused(Visit("", "/forgotten"), "/forgotten"),
    Refused(Visit("", "/reset/{reset}"), "", {"password": "short"}),
    Refused(Visit("", "/invitation/{invitation}"), "", {"password": "short"}),
    Refused(
        Visit("an", "/profile"), "/profile/password", {"current_password": "wrong", "password": "long enough to be one"}
    ),
    Refused(Visit("hoa", "/profile"), "/profile/password", {"current_password": "schoolyard", "password": "short"}),
]

# Where the menus of each layout are opened.
MENUS = [Visit("an", "/home"), Visit("mai", "/staff"), Visit("lan", "/")]

# A centre that is founded and has nothing yet, seen by its administrator.
NOTHING_YET = [
    Visit("", "/"),
    Visit("", "/sign-in"),
    *(
        Visit("admin", f"/staff{page}")
        for page in ("", "/people", "/accounts", "/roles", "/imports", "/house", "/house/jobs")
    ),
]

VISITS = [visit for visits in PAGES.values() for visit in visits]
ALL = [*VISITS, *STATES]

PHONE = (390, 844)
DESKTOP = (1280, 800)


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is seen."""

    language: str = "vi"
    theme: str = "light"
    size: tuple[int, int] = PHONE

    def __str__(self) -> str:
        return f"{self.language}, {self.theme}, {'phone' if self.size == PHONE else 'desktop'}"


LOOKS = [Look(*parts) for parts in product(("vi", "en"), ("light", "dark"), (PHONE, DESKTOP))]


def opposites(number: int) -> tuple[Look, Look]:
    """Two looks that differ in everything, another pair for each of four pages in a row."""
    return LOOKS[number % 4], LOOKS[7 - number % 4]
