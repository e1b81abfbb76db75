"""What kind of statement a text is, and its placeholders."""

import re
from functools import lru_cache

_READS = ("SELECT", "VALUES", "EXPLAIN", "PRAGMA", "SHOW")
_CHANGES = re.compile(r"\b(INSERT\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\b", re.IGNORECASE)
_LOCKS = re.compile(r"\bFOR\s+(NO\s+KEY\s+|KEY\s+)?(UPDATE|SHARE)\b", re.IGNORECASE)
_RETURNS = re.compile(r"\bRETURNING\b", re.IGNORECASE)
# Literals, quoted names and comments pass through whole; a question mark anywhere else is a parameter.
_PIECES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\?""", re.DOTALL)


@lru_cache(maxsize=4096)
def is_read(sql: str) -> bool:
    """Whether a statement only reads, so that a connection that cannot write may run it."""
    bare = _LOCKS.sub("", _PIECES.sub("", sql)).lstrip("( \n\t").upper()
    return bare.startswith(_READS) or (bare.startswith("WITH") and not _CHANGES.search(bare))


@lru_cache(maxsize=4096)
def gives_rows(sql: str) -> bool:
    """Whether a statement gives rows back."""
    return is_read(sql) or bool(_RETURNS.search(_PIECES.sub("", sql)))


@lru_cache(maxsize=4096)
def locks_rows(sql: str) -> bool:
    """Whether a read locks what it finds, which means something inside a transaction only."""
    return bool(_LOCKS.search(_PIECES.sub("", sql)))


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

    return _PIECES.sub(replaced, sql)
