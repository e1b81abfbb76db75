"""OneRoster in: CSV bundles of 1.1 and 1.2, bulk and delta, from a zip or a folder to checked records.

`read(source)` gives a `Reading`: a `Bundle` when there is no error, and every problem with file, line,
column and a sentence. Nothing here knows the database.

What is strict (an error, nothing is imported):
    the zip (size, ratio, encryption, methods), UTF-8, RFC 4180, the number of cells in a row; the manifest
    (version, every file named as it is); required columns and required values; the form and
    uniqueness of sourcedIds; every reference; status and dateLastModified of changes; vocabularies; dates as
    2026-09-01; numbers with a point; unique usernames; one primary role per person and org; nobody twice in
    a class at one time; sessions that end after they start; circles of orgs, sessions and guardians; scores
    outside the line item's range, without an enrolment, twice, or missing although fully graded.

What is lenient (a warning, once per file and column), because it has one meaning only:
    a folder inside the zip; file and column names and words in other letters (`Scheduled`, `TRUE`); known
    misspellings of columns; another order of columns; empty cells after the last column; missing optional
    columns; status and dateLastModified filled in bulk (rows marked tobedeleted have left, and what names them);
    `2022/2023` and an empty schoolYear; a date with midnight behind it; classes whose courses.csv is absent (read
    without a course); guardians who name the child instead of being named; a person without a role or
    primary role.

What is never read: passwords, race and ethnicity, metadata, and what this product has no use for;
`Reading.notes` says so.

Microsoft School Data Sync 2 and 2.1 are read by tables of their own (`sds`); its version 1 is refused by
name.
"""

from portal.interchange.oneroster.archive import Limits
from portal.interchange.oneroster.bundle import Progress, Reading, read
from portal.interchange.oneroster.problems import Problem
from portal.interchange.oneroster.records import Bundle

__all__ = ["Bundle", "Limits", "Problem", "Progress", "Reading", "read"]
