"""Who may come in and what they may do there.

Owns accounts, roles, sessions, secret links and throttling. Invariants: a person has at most one account; only hashes
of passwords, session tokens and link keys are stored; a link works once; a new password ends every session; the
guardian and student roles are never given by hand, they follow from the records of people.
"""
