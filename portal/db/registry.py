"""Which modules hold models, and what Tortoise is told of them. The rooms are named, never imported."""

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from inspect import getmembers, isclass
from typing import Any

from tortoise.models import Model

from portal.db.address import DEFAULT_URL, address

MODEL_MODULES = [
    "portal.centre.models",
    "portal.people.models",
    "portal.access.models",
    "portal.audit.models",
    "portal.files.models",
    "portal.jobs",
    "portal.mail.models",
    "portal.catalogue.models",
    "portal.timetable.models",
    "portal.gradebook.models",
    "portal.interchange.models",
    "portal.interchange.erased",
    "portal.privacy.models",
]

MIGRATIONS = "portal.migrations"
NO_MODELS = "portal.db.history"


def config(url: str, modules: Sequence[str], *, migrations: str = MIGRATIONS, **credentials: Any) -> dict[str, Any]:
    """What Tortoise is initialised with: one connection `default`, one app `models`."""
    engine, known = address(url)
    app = {"models": list(modules) or [NO_MODELS], "default_connection": "default", "migrations": migrations}
    return {
        "connections": {"default": {"engine": engine, "credentials": known | credentials}},
        "apps": {"models": app},
        "use_tz": True,
        "timezone": "UTC",
    }


def tooling() -> dict[str, Any]:
    """The configuration for Tortoise's own command line (makemigrations)."""
    return config(os.environ.get("PORTAL_DATABASE_URL", DEFAULT_URL), MODEL_MODULES)


def models_in(module: str) -> dict[str, type[Model]]:
    """The models that a module knows under their names."""
    return {
        name: member
        for name, member in getmembers(import_module(module), isclass)
        if issubclass(member, Model) and member is not Model and not member._meta.abstract
    }


def refuse_twins(modules: Iterable[str]) -> None:
    """Raise ValueError when two models share a name: Tortoise would keep one of them and say nothing."""
    seen: dict[str, type[Model]] = {}
    for module in modules:
        for model in models_in(module).values():
            other = seen.setdefault(model.__name__, model)
            if other is not model:
                raise ValueError(
                    f"Two models are called {model.__name__}: in {other.__module__} and in {model.__module__}"
                )
