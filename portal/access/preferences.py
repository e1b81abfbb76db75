"""What an account chooses for itself."""

from portal import db, versions
from portal.access.models import Account
from portal.errors import Invalid, say
from portal.scope import Scope


async def set_look(scope: Scope, *, language: str, theme: str) -> None:
    """Choose the language ("" follows the browser) and theme of one's own pages."""
    errors = {}
    if language not in ("", "en", "vi"):
        errors["language"] = say("Choose one of the list.")
    if theme not in ("auto", "light", "dark"):
        errors["theme"] = say("Choose one of the list.")
    if errors:
        raise Invalid(errors)
    async with db.transaction():
        await Account.filter(id=scope.account_id).update(language=language, theme=theme)
        versions.bump(versions.person(scope.person_id or 0))
