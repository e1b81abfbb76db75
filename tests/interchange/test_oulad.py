"""The Open University's data set as a bundle, on a tiny invented copy of its files."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from benchmarks import oulad
from tests.interchange.builder import accepted

FILES = {
    "courses": '"code_module","code_presentation","length"\n"XXX","2013J","100"\n"XXX","2014B","90"\n',
    "assessments": '"m","p","id","type","date","weight"\n"XXX","2013J","1","TMA","9","40"\n'
    '"XXX","2013J","2","TMA","5","60"\n"XXX","2013J","3","Exam","?","100"\n',
    "studentInfo": '"m","p","id","gender"\n"XXX","2013J","77","M"\n"XXX","2014B","77","M"\n"XXX","2013J","5","F"\n',
    "studentRegistration": '"m","p","id","from","to"\n"XXX","2013J","77","-3","?"\n'
    '"XXX","2014B","77","?","4"\n'
    '"XXX","2013J","5","8","-1"\n',
    "studentAssessment": "a,s,d,b,score\n1,77,7,0,78\n3,77,90,0,\n2,5,4,0,100\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        if name.startswith("student"):
            (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def made(folder: Path) -> tuple[bytes, list[str]]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        faults = oulad.fill(oulad.Bundle(archive), folder)
    return stream.getvalue(), faults


def test_the_bundle_is_read_as_it_was_meant(folder: Path) -> None:
    read = accepted(made(folder)[0])
    assert [(each.title, str(each.start), str(each.end)) for each in read.sessions if each.type == "term"] == [
        ("XXX 2013J", "2013-10-01", "2014-01-09"),
        ("XXX 2014B", "2014-02-01", "2014-05-02"),
    ]
    assert {item.source_id: (item.title, str(item.due)) for item in read.line_items} == {
        "1": ("TMA 2", "2013-10-10"),
        "2": ("TMA 1", "2013-10-06"),
        "3": ("Exam 1", "2014-01-08"),
    }
    assert {each.source_id: str(each.weight) for each in read.categories} == {
        "XXX-2013J-TMA": "100",
        "XXX-2013J-Exam": "100",
    }
    assert [(each.student, each.status, str(each.score)) for each in read.results] == [
        ("77", "fully graded", "78"),
        ("77", "not submitted", "None"),
        ("5", "fully graded", "100"),
    ]
    assert [(each.user, str(each.begin), str(each.end)) for each in read.enrollments] == [
        ("77", "2013-09-28", "None"),
        ("77", "None", "2014-02-05"),
        ("5", "2013-10-09", "2013-10-09"),
    ]
    assert [user.username for user in read.users] == ["ou5", "ou77"]


def test_the_same_files_make_the_same_bytes(folder: Path) -> None:
    assert made(folder) == made(folder)


def test_what_differs_from_the_published_counts_is_not_written(folder: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        oulad.main(folder, folder / "out.zip")
    assert "classes 2 instead of 22" in str(stop.value)
    assert "undated 1 instead of 11" in str(stop.value)
    assert not list(folder.glob("*out.zip*"))
