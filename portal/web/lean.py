"""What makes Jinja cheaper here. It changes no output; the gains were measured on the grades page of sixty marks.

A page calls macros and `_()` hundreds of times. Jinja looks at each callable anew to find out what to hand it, and
translates, marks up and fills in each text anew, also where nothing is to be filled in.
"""

from collections.abc import Callable, Hashable, Iterable, MutableMapping
from functools import lru_cache
from gettext import NullTranslations
from types import FunctionType
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Context, Macro
from markupsafe import Markup

_Cached = type(lru_cache(lambda: None))


class Remembered:
    """A macro that is told the same over and over (a mark of 8 out of 10), written once for each of what it is told.

    Its arguments are hashable, and it looks at nothing else: no caller, nothing of the page or of who reads it. Texts
    inside of an argument (a tuple, a record) are plain text, never markup.
    """

    def __init__(self, macro: Callable[..., Markup]) -> None:
        # Typed, because text and markup of the same letters are equal, and only one of them is to be escaped.
        self.write = lru_cache(maxsize=4096, typed=True)(macro)

    def __call__(self, *args: Hashable, **kwargs: Hashable) -> Markup:
        """What the macro writes when it is told this."""
        return self.write(*args, **kwargs)

    def each(self, items: Iterable[Hashable], *rest: Hashable) -> Markup:
        """One after the other, each item with the same `rest`: a loop in a template costs five times as much."""
        write = self.write
        return Markup("".join([write(item, *rest) for item in items]))


class LeanEnvironment(Environment):
    """Gives every template the one dictionary of globals; a chain of dictionaries is walked anew for every import."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template; ours has none of its own."""
        return {**self.globals, **d} if d else self.globals


class LeanContext(Context):
    """Calls macros and plain functions without asking what they want of it; all else goes Jinja's way."""

    def call(__self, __obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Jinja's `Context.call`; a third of its cost for a macro, a sixth for a function."""
        kind: type = type(__obj)
        if kind is Macro:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return __obj(__self.eval_ctx, *args, **kwargs)
        if kind is Remembered:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return __obj.write(*args, **kwargs)  # type: ignore[attr-defined]
        if (kind is FunctionType or kind is _Cached) and not hasattr(__obj, "jinja_pass_arg"):
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return __obj(*args, **kwargs)
        return super().call(__obj, *args, **kwargs)


def phrases(catalogue: NullTranslations) -> Callable[..., Markup]:
    """`_()` of the templates: Jinja's own "newstyle", which remembers each text it has translated."""

    @lru_cache(maxsize=4096)
    def marked(message: str) -> Markup:
        return Markup(catalogue.gettext(message))

    @lru_cache(maxsize=4096)
    def whole(message: str) -> Markup:
        return marked(message) % {}

    def phrase(message: str, **values: Any) -> Markup:
        return marked(message) % values if values else whole(message)

    return phrase
