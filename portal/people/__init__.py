"""People: who they are, how they are reached, who belongs to whom.

Owns persons, their emails and phones, students, guardians and households, teachers and staff. Invariants: a person is
stored once; `search_key` always holds the folded name and codes, `contact_key` the emails and phones; a guardian link
says by whose decision and on what ground it stands, and begins without sight unless the student is entered with it.
"""
