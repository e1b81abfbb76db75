"""The bundles that were imported before and stand, for changes that are laid over them."""

from pathlib import Path

from portal import db
from portal import files as store


async def files() -> list[Path | None]:
    """The latest first; None where a bundle is not kept any more (erasure and retention delete it)."""
    found = await db.rows(
        "SELECT f.sha256 FROM import_run r LEFT JOIN stored_file f ON f.id = r.file_id"
        f" WHERE r.kind = 'oneroster' AND ({_WROTE} OR {_SAID_THE_SAME})"
        " ORDER BY COALESCE(r.written_at, r.ended_at) DESC, r.id DESC"
    )
    return [path if sha256 and (path := store.path_of(sha256)).is_file() else None for (sha256,) in found]


_WROTE = "(r.written_at IS NOT NULL AND r.undone_at IS NULL)"
_SAID_THE_SAME = (
    "(r.written_at IS NULL AND r.act = 'import' AND r.state = 'done' AND NOT EXISTS (SELECT 1 FROM import_run u"
    " WHERE u.undone_at > r.ended_at AND u.written_at < r.ended_at))"
)
"""An import that changed nothing stands as long as those before it do."""
