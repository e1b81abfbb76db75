"""People from a spreadsheet: students, guardians and staff of a centre without OneRoster.

`reading` turns a file into a table, `columns` says what its columns are, `judging` holds each row against the rules of
the form that enters people by hand, `here` looks who is known already, `planning` decides with what a person has
decided, `writing` writes. Invariants: a row that is wrong costs that row, never another; nobody is taken for somebody
who is here but by our code, or because a person said so; an empty cell changes nothing; nobody gets a role, and no
guardian of a student who was here before gets sight.
"""
