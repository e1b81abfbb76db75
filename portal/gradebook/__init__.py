"""Marks: weighted categories, assessments, scores; drafts until they are published.

Invariants: a blank is never zero and counts nowhere; averages are exact fractions, rounded only where they are shown;
an assessment's `published_count` and `published_points` are the count and sum of its published, counted marks, kept by
every verb that publishes; the mean of a class is shown from five published marks on, so that nobody can be worked out
from it.
"""
