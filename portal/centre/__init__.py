"""The centre itself: its settings, branches, terms and holidays.

There is exactly one centre in a database. Its zone and the order of names are the centre's, not the reader's.
"""
