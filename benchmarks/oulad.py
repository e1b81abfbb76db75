"""OULAD, the Open University's data set, as a OneRoster bundle: `python -m benchmarks.oulad FOLDER OUT.zip`.

FOLDER holds the data set's courses, assessments, studentInfo, studentRegistration and studentAssessment, as
`.csv` or `.csv.gz`. The data set is anonymous: the names are made up from the ids, and say nothing about
anybody. Days count from the start of a presentation (B: 1 February, J: 1 October); an assessment without a
date falls on the last day of its presentation, a result without a score is "not submitted". The same input
makes the same bundle, byte for byte.

Data: Kuzilek, Hlosta, Zdrahal (2017), Open University Learning Analytics dataset, Scientific Data 4:170171,
CC BY 4.0.
"""

import csv
import datetime as dt
import gzip
import io
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from portal.interchange.oneroster.spec import DIALECTS

PUBLISHED = {"classes": 22, "users": 28_785, "enrollments": 32_593, "lineItems": 206, "results": 173_912}
WITHOUT_DATE = 11
WITHOUT_SCORE = 173

SCHOOL = "ou"
FAMILY_NAMES = (
    *(
        "Nguyễn",
        "Trần",
        "Lê",
        "Phạm",
        "Hoàng",
        "Huỳnh",
        "Phan",
        "Vũ",
        "Võ",
        "Đặng",
        "Bùi",
        "Đỗ",
        "Hồ",
        "Ngô",
        "Dương",
    ),
    *("Lý", "Đinh", "Trương", "Mai", "Tô", "Lâm", "Hà", "Cao"),
)
MIDDLE_NAMES = ("Thị", "Văn", "Minh", "Thanh", "Ngọc", "Quang", "Gia", "Hữu", "Bảo", "Khánh", "Đức")
GIVEN_NAMES = (
    *(
        "An",
        "Anh",
        "Bình",
        "Châu",
        "Chi",
        "Cường",
        "Dung",
        "Dũng",
        "Duy",
        "Đạt",
        "Giang",
        "Hà",
        "Hải",
        "Hạnh",
        "Hiếu",
    ),
    *(
        "Hoa",
        "Hùng",
        "Hương",
        "Khoa",
        "Khôi",
        "Lan",
        "Linh",
        "Long",
        "Ly",
        "Mai",
        "Nam",
        "Nga",
        "Nhi",
        "Phúc",
        "Phương",
    ),
    *(
        "Quân",
        "Quỳnh",
        "Sơn",
        "Tâm",
        "Thảo",
        "Thịnh",
        "Thu",
        "Trang",
        "Trí",
        "Tuấn",
        "Tú",
        "Uyên",
        "Việt",
        "Vy",
        "Yến",
    ),
)

Row = tuple[str, ...]
Assessment = tuple["Presentation", str, str, str, str]
"""Its presentation, id, kind, day and weight."""


class Presentation:
    """One module in one term: a class."""

    def __init__(self, module: str, term: str, length: int) -> None:
        self.module, self.term = module, term
        self.id = f"{module}-{term}"
        self.title = f"{module} {term}"
        self.start = dt.date(int(term[:4]), {"B": 2, "J": 10}[term[4]], 1)
        self.end = self.start + dt.timedelta(length)

    def day(self, number: str) -> dt.date | None:
        return None if number in ("", "?") else self.start + dt.timedelta(int(number))


class Bundle:
    """A zip that is written file after file, and counts."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.counts: dict[str, int] = {}

    def write(self, file: str, rows: Iterable[Row]) -> None:
        table = next(table for table in DIALECTS["1.2"].tables if table.file == file)
        header = [column.name for column in table.columns if not column.optional]
        with self._entry(file) as stream:
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(header)
            count = 0
            for row in rows:
                writer.writerow((row[0], "", "", *row[1:], *[""] * (len(header) - len(row) - 2)))
                count += 1
        self.counts[file] = count

    def manifest(self) -> None:
        rows = [("manifest.version", "1.0"), ("oneroster.version", "1.2")]
        rows += [(f"file.{file}", "bulk" if file in self.counts else "absent") for file in DIALECTS["1.2"].known]
        rows += [("source.systemName", "OULAD"), ("source.systemCode", "oulad")]
        with self._entry("manifest") as stream:
            csv.writer(stream, lineterminator="\r\n").writerows([("propertyName", "value"), *rows])

    @contextmanager
    def _entry(self, file: str) -> Iterator[TextIO]:
        info = zipfile.ZipInfo(f"{file}.csv", (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with (
            self.archive.open(info, "w") as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as stream,
        ):
            yield stream


def main(folder: Path, out: Path) -> None:
    """Write the bundle beside its place, and put it there when it is what was published."""
    part = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            bundle = Bundle(archive)
            faults = fill(bundle, folder)
        if faults:
            sys.exit("This is not the published data set: " + "; ".join(faults) + ".")
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    for file, count in bundle.counts.items():
        print(f"{file:>20} {count:>9,}")
    print(f"{out}: {out.stat().st_size:,} bytes")


def fill(bundle: Bundle, folder: Path) -> list[str]:
    """All files; what differs from the published counts is returned."""
    presentations = {
        (module, term): Presentation(module, term, int(length)) for module, term, length in _rows(folder, "courses")
    }
    bundle.write("orgs", [(SCHOOL, "Open University (OULAD)", "school")])
    bundle.write("academicSessions", _sessions(presentations.values()))
    modules = sorted({each.module for each in presentations.values()})
    bundle.write("courses", [(each, "", f"Module {each}", each, "", SCHOOL) for each in modules])
    bundle.write(
        "classes",
        [
            (each.id, each.title, "", each.module, each.id, "scheduled", "", SCHOOL, each.id)
            for each in presentations.values()
        ],
    )
    students = sorted({int(row[2]) for row in _rows(folder, "studentInfo")})
    bundle.write("users", map(_user, students))
    bundle.write("roles", ((f"{each}-student", str(each), "primary", "student", "", "", SCHOOL) for each in students))
    bundle.write("enrollments", _enrollments(folder, presentations))
    return _fill_marks(bundle, folder, presentations)


def _fill_marks(bundle: Bundle, folder: Path, presentations: dict[tuple[str, str], Presentation]) -> list[str]:
    assessments: list[Assessment] = [
        (presentations[module, term], assessment, kind, day, weight)
        for module, term, assessment, kind, day, weight in _rows(folder, "assessments")
    ]
    undated = sum(day in ("", "?") for _, _, _, day, _ in assessments)
    bundle.write("categories", _categories(assessments))
    bundle.write("lineItems", _line_items(assessments))
    of_class = {assessment: presentation for presentation, assessment, *_ in assessments}
    unscored = 0

    def results() -> Iterator[Row]:
        nonlocal unscored
        for assessment, student, submitted, _banked, score in _rows(folder, "studentAssessment"):
            presentation = of_class[assessment]
            missing = score in ("", "?")
            unscored += missing
            status = "not submitted" if missing else "fully graded"
            day = presentation.day(submitted) or presentation.end
            yield (
                *(f"{assessment}-{student}", assessment, student, status, "" if missing else score, str(day)),
                *("", "", presentation.id),
            )

    bundle.write("results", results())
    bundle.manifest()
    counted = {file: bundle.counts[file] for file in PUBLISHED} | {"undated": undated, "unscored": unscored}
    expected = PUBLISHED | {"undated": WITHOUT_DATE, "unscored": WITHOUT_SCORE}
    return [
        f"{name} {counted[name]} instead of {expected[name]}" for name in expected if counted[name] != expected[name]
    ]


def _rows(folder: Path, name: str) -> Iterator[list[str]]:
    """The rows of one of the data set's files, without its header."""
    plain, packed = folder / f"{name}.csv", folder / f"{name}.csv.gz"
    with (
        plain.open(encoding="utf-8", newline="")
        if plain.exists()
        else gzip.open(packed, "rt", encoding="utf-8", newline="")
    ) as stream:
        reader = csv.reader(stream)
        next(reader)
        yield from reader


def _sessions(presentations: Iterable[Presentation]) -> Iterator[Row]:
    """Each term of the university, then each presentation in it, with its own last day."""
    terms: dict[str, list[Presentation]] = {}
    for each in presentations:
        terms.setdefault(each.term, []).append(each)
    for term, inside in sorted(terms.items()):
        end = max(each.end for each in inside)
        yield (term, term, "semester", str(inside[0].start), str(end), "", str(end.year))
        for each in inside:
            yield (each.id, each.title, "term", str(each.start), str(each.end), term, str(end.year))


def _user(student: int) -> Row:
    family = FAMILY_NAMES[student % len(FAMILY_NAMES)]
    middle = MIDDLE_NAMES[student // 7 % len(MIDDLE_NAMES)]
    given = GIVEN_NAMES[student // 3 % len(GIVEN_NAMES)]
    return (str(student), "true", f"ou{student}", "", given, family, middle, str(student))


def _enrollments(folder: Path, presentations: dict[tuple[str, str], Presentation]) -> Iterator[Row]:
    """From registration to leaving; who left before coming was not there for a day."""
    for module, term, student, registered, left in _rows(folder, "studentRegistration"):
        presentation = presentations[module, term]
        begin, end = presentation.day(registered), presentation.day(left)
        if begin and end and end < begin:
            end = begin
        yield (
            *(f"{presentation.id}-{student}", presentation.id, SCHOOL, student, "student", ""),
            *(str(begin or ""), str(end or "")),
        )


def _categories(assessments: Iterable[Assessment]) -> Iterator[Row]:
    """A kind of assessment in a class, with the sum of its weights."""
    weights: dict[tuple[str, str], Decimal] = {}
    for presentation, _assessment, kind, _day, weight in assessments:
        key = (presentation.id, kind)
        weights[key] = weights.get(key, Decimal(0)) + Decimal(weight)
    for (class_id, kind), total in weights.items():
        yield (f"{class_id}-{kind}", kind, f"{total:f}")


def _line_items(assessments: Iterable[Assessment]) -> Iterator[Row]:
    """Numbered within their kind by day; the weight of a single one stands in its description."""
    dated = [(each[0].day(each[3]) or each[0].end - dt.timedelta(1), each) for each in assessments]
    numbers: dict[tuple[str, str], int] = {}
    for due, (presentation, assessment, kind, _day, weight) in sorted(
        dated, key=lambda pair: (pair[1][0].id, pair[0], int(pair[1][1]))
    ):
        key = (presentation.id, kind)
        numbers[key] = numbers.get(key, 0) + 1
        yield (
            *(assessment, f"{kind} {numbers[key]}", f"Weight {weight}", str(presentation.start), str(due)),
            *(presentation.id, f"{presentation.id}-{kind}", presentation.id, "0", "100", SCHOOL),
        )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Use: python -m benchmarks.oulad FOLDER OUT.zip")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
