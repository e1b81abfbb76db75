"""What kind of statement a text is, and its placeholders; remembered, our SQL is a few hundred texts."""

import re
from functools import lru_cache

_READS = ("SELECT", "VALUES", "EXPLAIN", "PRAGMA", "SHOW")
_CHANGES = re.compile(r"\b(INSERT\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\b", re.IGNORECASE)
_RETURNS = re.compile(r"\bRETURNING\b", re.IGNORECASE)
# Literals, quoted names and comments pass through whole; a question mark anywhere else is a parameter.
_WHOLE = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/"""
_PIECES = re.compile(_WHOLE, re.DOTALL)
_MARKS = re.compile(rf"{_WHOLE}|\?", re.DOTALL)
_LOCK = re.compile(
    r"\s+FOR\s+(NO\s+KEY\s+|KEY\s+)?(UPDATE|SHARE)\b(\s+OF\s+[\w\", ]+?)?(\s+(NOWAIT|SKIP\s+LOCKED))?\s*$",
    re.IGNORECASE,
)
_LIMITED = re.compile(r"^\s*(UPDATE|DELETE)\b.*\sLIMIT\s+(\?|\$?\d+)\s*$", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=4096)
def is_read(sql: str) -> bool:
    """Whether a statement only reads, so that a connection that cannot write may run it."""
    bare = _LOCK.sub("", _PIECES.sub("", sql)).lstrip("( \n\t").upper()
    return bare.startswith(_READS) or (bare.startswith("WITH") and not _CHANGES.search(bare))


@lru_cache(maxsize=4096)
def gives_rows(sql: str) -> bool:
    """Whether a statement gives rows back."""
    return is_read(sql) or bool(_RETURNS.search(_PIECES.sub("", sql)))


@lru_cache(maxsize=4096)
def locks_rows(sql: str) -> bool:
    """Whether a read ends with FOR UPDATE or the like, which means something inside a transaction only."""
    return bool(_LOCK.search(sql))


@lru_cache(maxsize=4096)
def without_lock(sql: str) -> str:
    """The read without FOR UPDATE, which SQLite does not know and does not need: its writer is alone."""
    return _LOCK.sub("", sql)


@lru_cache(maxsize=4096)
def is_limited_write(sql: str) -> bool:
    """Whether an UPDATE or DELETE ends with a LIMIT."""
    return bool(_LIMITED.search(sql))


@lru_cache(maxsize=4096)
def numbered(sql: str) -> str:
    """The statement with `$1, $2, ...` for its question marks, as PostgreSQL wants them."""
    number = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal number
        if match[0] != "?":
            return match[0]
        number += 1
        return f"${number}"

    return _MARKS.sub(replaced, sql)
