"""Microsoft School Data Sync."""

from portal.interchange.oneroster.records import Relation
from portal.interchange.oneroster.sds import SDS_2
from tests.interchange.builder import CENTRE_SDS, accepted, bundle, csv_of, refused, unzipped, warned, zipped

SDS_1 = ("School", "Section", "Student", "StudentEnrollment", "Teacher", "TeacherRoster")


def two(**changes: str) -> bytes:
    """A bundle of version 2."""
    files = {
        "orgs.csv": "sourcedId,name,type,parentSourcedId\nO1,Sân Trường,university,\n",
        "users.csv": "sourcedId,orgSourcedIds,givenName,familyName,username,password,role,grade\n"
        "minh,O1,Minh,Nguyễn,minh,hunter2,Student,6\nhoa,O1,Hoa,Lê,hoa,hunter2,Professor,\n",
        "classes.csv": "sourcedId,orgSourcedId,title\nE1,O1,English\n",
        "enrollments.csv": "classSourcedId,userSourcedId,role\nE1,minh,student\nE1,hoa,teacher\n",
    }
    return zipped({name: text.encode() for name, text in (files | changes).items()})


def test_version_1_is_refused_by_name() -> None:
    (problem,) = refused(zipped({f"{name}.csv": b"SIS ID,Name\n1,A\n" for name in SDS_1}))
    assert problem.startswith("School.csv: This is Microsoft School Data Sync's own format, version 1")


def test_version_2_is_read_without_courses_and_terms() -> None:
    read = accepted(two())
    assert read.version == "SDS 2"
    assert (read.classes[0].course, read.classes[0].terms, read.classes[0].school) == (None, (), "O1")
    assert [(role.user, role.role) for role in read.roles] == [("minh", "student"), ("hoa", "teacher")]
    assert [user.enabled for user in read.users] == [True, True]
    assert "hunter2" not in repr(read)


def test_version_2_1_is_read_with_its_relations() -> None:
    read = accepted(bundle("SDS 2.1"))
    assert read.version == "SDS 2.1"
    assert read.relations == [Relation("minh", "lan", "guardian")]
    assert (read.classes[0].course, read.classes[0].terms) == ("E", ("T",))
    assert [each.source_id for each in read.enrollments] == ["E1/minh/student", "E1/hoa/lecturer"]


def test_words_of_higher_education_are_read_as_ours() -> None:
    warnings = warned(bundle("SDS 2.1"))
    assert 'orgs.csv:2 (type): "college" is read as "school".' in warnings
    assert 'roles.csv:4 (role): "lecturer" is read as "teacher".' in warnings
    assert (
        warnings[0] == "manifest.csv: There is no manifest.csv; the bundle is read as Microsoft School Data Sync 2.1."
    )


def test_a_role_without_a_counterpart_gives_no_rights() -> None:
    packed = two(**{"enrollments.csv": "classSourcedId,userSourcedId,role\nE1,minh,student\nE1,hoa,Staff\n"})
    assert [each.user for each in accepted(packed).enrollments] == ["minh"]
    assert 'enrollments.csv:3 (role): "Staff" has no counterpart here and is not read.' in warned(packed)


def test_somebody_enrolled_twice_is_found_without_sourcedids() -> None:
    rows = [*CENTRE_SDS["enrollments"], CENTRE_SDS["enrollments"][0]]
    assert refused(bundle("SDS 2.1", enrollments=rows)) == [
        'enrollments.csv:4 (classSourcedId/userSourcedId/role): "E1/minh/student" is on line 2 already.'
    ]


def test_references_resolve_here_too() -> None:
    assert refused(two(**{"classes.csv": "sourcedId,orgSourcedId,title\nE1,O9,English\n"})) == [
        'classes.csv:2 (orgSourcedId): orgs.csv has no "O9".'
    ]
    rows = [dict(CENTRE_SDS["demographics"][0], userSourcedId="nobody")]
    assert refused(bundle("SDS 2.1", demographics=rows)) == [
        'demographics.csv:2 (userSourcedId): users.csv has no "nobody".'
    ]


def test_flags_of_users_are_never_read() -> None:
    files = unzipped(bundle("SDS 2.1")) | {
        "userFlags.csv": b"userSourcedId,flag\nminh,freeLunch\n",
        "x.csv": b"",
    }
    assert "freeLunch" not in repr(accepted(zipped(files)))
    assert "x.csv: This file is not of the standard and is not read." in warned(zipped(files))


def test_onerosters_own_users_without_a_manifest_are_not_taken_for_it() -> None:
    assert "no manifest.csv" in refused(bundle(manifest=None))[0]
    assert "no manifest.csv" in refused(two(**{"users.csv": "sourcedId,role\n"}))[0]
    assert "no manifest.csv" in refused(zipped({"orgs.csv": b"", "users.csv": b"\xff"}))[0]


def test_the_second_version_knows_its_columns() -> None:
    assert csv_of("classes", [], SDS_2).startswith("sourcedId,orgSourcedId,title,")
