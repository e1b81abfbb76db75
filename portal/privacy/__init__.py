"""What people may ask of us about themselves, and what we keep of them for how long.

Owns erasing and exporting a person, consents with the version of their words, the log of readers, and retention.
Stands above every room that stores something about people: `registry` says of each column of each table what becomes
of it when a person is erased, and a test fails for a column that it does not know.

Invariants: an erased person is found nowhere, in no table and no file, by any of their names or contacts, and counts
and marks are as they were; nobody erases themselves or the last administrator; an export holds what its person may see
and nobody else's data, and is given to whoever asked for it alone; a consent names the words it was given to.
"""
