"""Bundles for the tests, made by hand: a small centre with Lan, her son Minh, and Hoa who teaches him.

`bundle()` is good as it stands; `bundle(users=..., results=None)` changes one file and leaves out another.
A file is given as rows (`{column: cell}`), as its text, or as its bytes.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

from portal.interchange import oneroster
from portal.interchange.oneroster.sds import SDS_2, SDS_21
from portal.interchange.oneroster.spec import DIALECTS, Dialect

Rows = Sequence[Mapping[str, str]]
File = Rows | str | bytes | None

CENTRE: dict[str, list[dict[str, str]]] = {
    "orgs": [
        {"sourcedId": "O", "name": "Sân Trường", "type": "district"},
        {"sourcedId": "O1", "name": "Cơ sở Cầu Giấy", "type": "school", "parentSourcedId": "O"},
    ],
    "academicSessions": [
        {
            **{"sourcedId": "Y", "title": "2026-2027", "type": "schoolYear"},
            **{"startDate": "2026-09-01", "endDate": "2027-06-01", "schoolYear": "2027"},
        },
        {
            **{"sourcedId": "T", "title": "Autumn", "type": "term", "parentSourcedId": "Y"},
            **{"startDate": "2026-09-01", "endDate": "2027-01-01", "schoolYear": "2027"},
        },
    ],
    "courses": [{"sourcedId": "E", "title": "English A1", "orgSourcedId": "O1", "schoolYearSourcedId": "Y"}],
    "classes": [
        {
            **{
                "sourcedId": "E1",
                "title": "English A1, Monday",
                "courseSourcedId": "E",
                "classType": "scheduled",
            },
            **{"schoolSourcedId": "O1", "termSourcedIds": "T", "grades": "06,07"},
        }
    ],
    "users": [
        {
            **{"sourcedId": "lan", "enabledUser": "true", "username": "lan", "givenName": "Lan"},
            **{"familyName": "Trần", "email": "lan@example.com", "password": "hunter2"},
        },
        {
            **{"sourcedId": "minh", "enabledUser": "true", "username": "minh", "givenName": "Minh"},
            **{"familyName": "Nguyễn", "agentSourcedIds": "lan", "primaryOrgSourcedId": "O1"},
        },
        {
            **{"sourcedId": "hoa", "enabledUser": "true", "username": "hoa", "givenName": "Hoa"},
            **{"familyName": "Lê", "phone": "0912345678"},
        },
    ],
    "roles": [
        {
            "sourcedId": "R1",
            "userSourcedId": "lan",
            "roleType": "primary",
            "role": "parent",
            "orgSourcedId": "O1",
        },
        {
            "sourcedId": "R2",
            "userSourcedId": "minh",
            "roleType": "primary",
            "role": "student",
            "orgSourcedId": "O1",
        },
        {
            "sourcedId": "R3",
            "userSourcedId": "hoa",
            "roleType": "primary",
            "role": "teacher",
            "orgSourcedId": "O1",
        },
    ],
    "enrollments": [
        {
            **{"sourcedId": "N1", "classSourcedId": "E1", "schoolSourcedId": "O1", "userSourcedId": "minh"},
            **{"role": "student", "beginDate": "2026-09-07"},
        },
        {
            **{"sourcedId": "N2", "classSourcedId": "E1", "schoolSourcedId": "O1", "userSourcedId": "hoa"},
            **{"role": "teacher", "primary": "true"},
        },
    ],
    "demographics": [{"sourcedId": "minh", "birthDate": "2014-05-04", "sex": "male", "asian": "celadon"}],
    "categories": [{"sourcedId": "K", "title": "Tests", "weight": "60"}],
    "lineItems": [
        {
            **{"sourcedId": "L", "title": "Unit 1", "assignDate": "2026-09-14", "dueDate": "2026-09-21"},
            **{"classSourcedId": "E1", "categorySourcedId": "K", "academicSessionSourcedId": "T"},
            **{"resultValueMin": "0", "resultValueMax": "10", "schoolSourcedId": "O1"},
        }
    ],
    "results": [
        {
            **{
                "sourcedId": "S",
                "lineItemSourcedId": "L",
                "studentSourcedId": "minh",
                "scoreDate": "2026-09-21",
            },
            **{"scoreStatus": "fully graded", "score": "8.5", "comment": "Well done", "late": "false"},
        }
    ],
}

CENTRE_11 = {file: [dict(row) for row in rows] for file, rows in CENTRE.items() if file != "roles"}
for _user, _role in zip(CENTRE_11["users"], ("parent", "student", "teacher"), strict=True):
    _user |= {"orgSourcedIds": "O1", "role": _role}
    _user.pop("primaryOrgSourcedId", "")
CENTRE_11["categories"][0].pop("weight")
CENTRE_11["lineItems"][0]["gradingPeriodSourcedId"] = CENTRE_11["lineItems"][0].pop("academicSessionSourcedId")
CENTRE_11["lineItems"][0].pop("schoolSourcedId")
CENTRE_11["results"][0].pop("late")

CENTRE_SDS: dict[str, list[dict[str, str]]] = {
    "orgs": [{"sourcedId": "O1", "name": "Cơ sở Cầu Giấy", "type": "college"}],
    "academicSessions": [
        {
            **{"sourcedId": "T", "title": "Autumn", "type": "term", "schoolYear": "2027"},
            **{"startDate": "2026-09-01", "endDate": "2027-01-01"},
        }
    ],
    "courses": [{"sourcedId": "E", "orgSourcedId": "O1", "title": "English A1", "code": "EA1"}],
    "classes": [
        {
            **{"sourcedId": "E1", "orgSourcedId": "O1", "title": "English A1, Monday"},
            **{"sessionSourcedIds": "T", "courseSourcedId": "E"},
        }
    ],
    "users": [
        {
            "sourcedId": "lan",
            "username": "lan",
            "givenName": "Lan",
            "familyName": "Trần",
            "password": "hunter2",
        },
        {"sourcedId": "minh", "username": "minh", "givenName": "Minh", "familyName": "Nguyễn"},
        {"sourcedId": "hoa", "username": "hoa", "givenName": "Hoa", "familyName": "Lê"},
    ],
    "roles": [
        {"userSourcedId": "lan", "orgSourcedId": "O1", "role": "guardian", "isPrimary": "true"},
        {"userSourcedId": "minh", "orgSourcedId": "O1", "role": "student", "isPrimary": "true"},
        {"userSourcedId": "hoa", "orgSourcedId": "O1", "role": "lecturer", "isPrimary": "true"},
    ],
    "relationships": [{"userSourcedId": "minh", "relationshipUserSourcedId": "lan", "relationshipRole": "guardian"}],
    "enrollments": [
        {"classSourcedId": "E1", "userSourcedId": "minh", "role": "student"},
        {"classSourcedId": "E1", "userSourcedId": "hoa", "role": "lecturer"},
    ],
    "demographics": [{"userSourcedId": "minh", "birthDate": "2014-05-04", "raceCodes": "asian"}],
}


def row(file: str, number: int = 0, **cells: str) -> list[dict[str, str]]:
    """The rows of a 1.2 file with one of them changed."""
    rows = [dict(each) for each in CENTRE[file]]
    rows[number] |= cells
    return rows


def more(file: str, **cells: str) -> list[dict[str, str]]:
    """The rows of a 1.2 file and one more, like the first but for the cells given."""
    return [*CENTRE[file], CENTRE[file][0] | cells]


def bundle(version: str = "1.2", manifest: File = "", **changes: File) -> bytes:
    """A zip: the centre, with the files that are given in the place of its own."""
    if version == "SDS 2.1":
        return zipped(_written(SDS_21, {**CENTRE_SDS, **changes}))
    dialect = DIALECTS[version]
    files = _written(dialect, {**(CENTRE_11 if version == "1.1" else CENTRE), **changes})
    made = manifest_of(version, [name.removesuffix(".csv") for name in files]) if manifest == "" else manifest
    if made is not None:
        files["manifest.csv"] = _bytes(made)
    return zipped(files)


def manifest_of(version: str, present: Sequence[str], **changed: str) -> str:
    """A manifest that names each file; `changed` are values of single files."""
    modes = {name: "bulk" if name in present else "absent" for name in DIALECTS[version].known} | changed
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    return "\r\n".join([*lines, *(f"file.{name},{mode}" for name, mode in modes.items())]) + "\r\n"


CHANGED = "2026-10-01T00:00:00Z"


def changes(version: str = "1.2", **files: Rows) -> bytes:
    """A zip of changes: rows that are active and new as of `CHANGED`, unless they say otherwise."""
    said = {"status": "active", "dateLastModified": CHANGED}
    rows = {file: [said | dict(each) for each in each_file] for file, each_file in files.items()}
    manifest = manifest_of(version, [], **dict.fromkeys(files, "delta"))
    return zipped({**_written(DIALECTS[version], rows), "manifest.csv": manifest.encode()})


def gone(key: str, **cells: str) -> dict[str, str]:
    """A row of changes that says something has left."""
    return {"sourcedId": key, "status": "tobedeleted", **cells}


def csv_of(file: str, rows: Rows, dialect: Dialect = DIALECTS["1.2"]) -> str:
    """A file with all the columns of the standard; columns in a row that it does not know come last."""
    table = next(table for table in dialect.tables if table.file == file)
    columns = [column.name for column in table.columns if not column.optional or dialect in (SDS_2, SDS_21)]
    columns += [name for name in dict.fromkeys(name for row in rows for name in row) if name not in columns]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def unzipped(packed: bytes) -> dict[str, bytes]:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def accepted(packed: bytes) -> oneroster.Bundle:
    """The bundle that a zip is read as; warnings are allowed, errors are not."""
    reading = oneroster.read(packed)
    assert reading.bundle, [str(problem) for problem in reading.problems]
    return reading.bundle


def refused(packed: bytes) -> list[str]:
    """The errors of a bundle, which must have some."""
    reading = oneroster.read(packed)
    assert reading.bundle is None
    found = [str(problem) for problem in reading.problems if problem.severity == "error"]
    assert found
    return found


def warned(packed: bytes) -> list[str]:
    """The warnings of a bundle that is read nevertheless."""
    reading = oneroster.read(packed)
    assert reading.bundle, [str(problem) for problem in reading.problems]
    return [str(problem) for problem in reading.problems]


def _written(dialect: Dialect, files: Mapping[str, File]) -> dict[str, bytes]:
    return {
        name if "." in name else f"{name}.csv": _bytes(
            content if isinstance(content, str | bytes) else csv_of(name, content, dialect)
        )
        for name, content in files.items()
        if content is not None
    }


def _bytes(content: File) -> bytes:
    assert isinstance(content, str | bytes)
    return content if isinstance(content, bytes) else content.encode()
