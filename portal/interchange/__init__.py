"""What comes in from other systems and goes out to them.

One package per format. A reader here is pure: it turns a file into records and a list of problems, and knows
no database; what writes the records stands beside it.
"""
