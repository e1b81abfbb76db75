"""Looking after the house: whether it is well, the jobs that died, and the record of who did what.

For administrators; the director reads the record as well. Nothing here changes a record of the centre: the verbs try a
dead job again or let it go, and write down that the record was taken out.
"""
