"""The public side and the families' pages: one module a group of screens, its templates beside it."""

from starlette.routing import BaseRoute

from portal.pages import children, doors, identities, own_data, patterns, profile, welcome

routes: list[BaseRoute] = [
    *welcome.routes,
    *doors.routes,
    *profile.routes,
    *own_data.routes,
    *identities.routes,
    *children.routes,
    *patterns.routes,
]
