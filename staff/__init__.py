"""The staff's pages: one package a group of screens, its templates beside it. They own no rule."""

from starlette.routing import BaseRoute

from staff import (
    accounts,
    admission,
    audit,
    guardians,
    house,
    imports,
    outbox,
    people,
    privacy,
    roles,
    sheets,
    students,
    today,
)

routes: list[BaseRoute] = [
    *today.routes,
    *sheets.routes,
    *people.routes,
    *privacy.routes,
    *admission.routes,
    *students.routes,
    *guardians.routes,
    *accounts.routes,
    *roles.routes,
    *imports.routes,
    *outbox.routes,
    *house.routes,
    *audit.routes,
]
