"""A copy of the whole house in one file, made while it is open, and a house made from it again (decision 10).

`making` writes the file, `restoring` reads it into an empty database of either kind; `archive` is the file, `rows` how
a row is written in it, `renewal` what a restored house does anew. Both are done at a prompt only: as SYSTEM.
"""

LEFT_OUT = {
    "tortoise_migrations": "the manifest names the migrations",
}
"""Tables that a backup does not hold, each with the reason."""


class Unusable(Exception):
    """A backup cannot be made or used; the message is a sentence for the person at the prompt."""
