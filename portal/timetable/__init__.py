"""Classes and their lessons.

Owns classes, who teaches and who learns in them, the weekly pattern and the dated lessons made from it. A teacher
sees the students of the classes they teach: that reason of sight is added here to the doors of people.
"""

from portal.timetable import classes

__all__ = ["classes"]
