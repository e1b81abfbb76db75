"""What holds between rows and between files."""

import pytest

from portal.interchange import oneroster
from portal.interchange.oneroster.records import Relation
from tests.interchange.builder import CENTRE, accepted, bundle, csv_of, more, refused, row, warned


@pytest.mark.parametrize(
    ("file", "column", "target"),
    [
        *(("orgs", "parentSourcedId", "orgs"), ("academicSessions", "parentSourcedId", "academicSessions")),
        *(("courses", "schoolYearSourcedId", "academicSessions"), ("courses", "orgSourcedId", "orgs")),
        *(("classes", "courseSourcedId", "courses"), ("classes", "schoolSourcedId", "orgs")),
        *(("classes", "termSourcedIds", "academicSessions"), ("users", "agentSourcedIds", "users")),
        *(
            ("users", "primaryOrgSourcedId", "orgs"),
            ("roles", "userSourcedId", "users"),
            ("roles", "orgSourcedId", "orgs"),
        ),
        *(("enrollments", "classSourcedId", "classes"), ("enrollments", "schoolSourcedId", "orgs")),
        *(("enrollments", "userSourcedId", "users"), ("demographics", "sourcedId", "users")),
        *(("lineItems", "classSourcedId", "classes"), ("lineItems", "categorySourcedId", "categories")),
        *(
            ("lineItems", "academicSessionSourcedId", "academicSessions"),
            ("lineItems", "schoolSourcedId", "orgs"),
        ),
        *(("results", "lineItemSourcedId", "lineItems"), ("results", "studentSourcedId", "users")),
        ("results", "classSourcedId", "classes"),
    ],
)
def test_every_reference_resolves(file: str, column: str, target: str) -> None:
    number = 1 if file in ("orgs", "academicSessions", "users") else 0
    problems = refused(bundle(**{file: row(file, number, **{column: "nobody"})}))
    assert f'{file}.csv:{number + 2} ({column}): {target}.csv has no "nobody".' in problems


def test_a_reference_into_an_absent_file_does_not_resolve() -> None:
    assert refused(bundle(categories=None)) == [
        'lineItems.csv:2 (categorySourcedId): There is no categories.csv in the bundle, so "K" names nothing.'
    ]


def test_classes_without_a_courses_file_are_read_without_a_course() -> None:
    packed = bundle(courses=None)
    assert accepted(packed).classes[0].course is None
    assert warned(packed) == [
        "classes.csv:2 (courseSourcedId): There is no courses.csv in the bundle; the reference is not read."
    ]


def test_a_row_that_names_a_row_to_be_deleted_is_not_there_either() -> None:
    read = accepted(bundle(users=row("users", 1, status="tobedeleted")))
    assert [user.source_id for user in read.users] == ["lan", "hoa"]
    assert [one.user for one in read.enrollments] == ["hoa"]
    assert (read.results, read.demographics, len(read.roles)) == ([], [], 2)
    assert read.gone["users"] == {"minh"}
    assert (read.gone["enrollments"], read.gone["results"]) == ({"N1"}, frozenset())


def test_a_reference_that_may_be_missing_is_dropped_when_what_it_names_has_left() -> None:
    orgs = [CENTRE["orgs"][0] | {"status": "tobedeleted"}, CENTRE["orgs"][1]]
    (org,) = accepted(bundle(orgs=orgs)).orgs
    assert org.parent is None


def test_a_file_that_cannot_be_read_is_one_error_not_one_for_each_reference() -> None:
    users = csv_of("users", CENTRE["users"]).replace("Nguyễn", '"Nguyễn')
    assert refused(bundle(users=users)) == ["users.csv:3: A quotation mark opens a cell here and is never closed."]


def test_a_faulty_row_is_one_error_not_one_for_each_reference() -> None:
    assert refused(bundle(users=row("users", 1, enabledUser="maybe"))) == [
        'users.csv:3 (enabledUser): "maybe" is neither true nor false.'
    ]
    assert refused(bundle(enrollments=row("enrollments", beginDate="maybe"))) == [
        'enrollments.csv:2 (beginDate): "maybe" is not a date; write it as 2026-09-01.'
    ]


def test_orgs_and_sessions_do_not_run_in_circles() -> None:
    assert refused(bundle(orgs=row("orgs", 0, parentSourcedId="O1"))) == [
        'orgs.csv:2 (parentSourcedId): "O" comes back to itself.'
    ]
    assert refused(bundle(academicSessions=row("academicSessions", 0, parentSourcedId="Y"))) == [
        'academicSessions.csv:2 (parentSourcedId): "Y" comes back to itself.'
    ]


def test_a_long_line_of_parents_is_no_circle() -> None:
    orgs = [
        dict(CENTRE["orgs"][0], sourcedId=f"o{number}", parentSourcedId=f"o{number + 1}") for number in range(3_000)
    ]
    orgs += [dict(CENTRE["orgs"][0], sourcedId="o3000")]
    assert accepted(bundle(orgs=[*CENTRE["orgs"], *orgs]))


def test_a_session_ends_after_it_starts() -> None:
    assert refused(bundle(academicSessions=row("academicSessions", 1, endDate="2026-09-01"))) == [
        "academicSessions.csv:3 (endDate): The end is not after the start."
    ]


def test_a_course_is_of_a_school_year() -> None:
    assert warned(bundle(courses=row("courses", schoolYearSourcedId="T"))) == [
        "courses.csv:2 (schoolYearSourcedId): The session it names is not a school year."
    ]


def test_a_username_is_unique_whatever_its_letters() -> None:
    assert refused(bundle(users=row("users", 1, username="LAN"))) == [
        'users.csv:3 (username): "LAN" is on line 2 already.'
    ]


def test_a_person_has_one_primary_role_at_an_org() -> None:
    second = {"sourcedId": "R4", "role": "guardian"}
    assert refused(bundle(roles=more("roles", **second))) == [
        "roles.csv:5 (roleType): This person has a primary role at this org on line 2 already."
    ]
    assert warned(bundle(roles=more("roles", **second, roleType="secondary"))) == []
    assert warned(bundle(roles=more("roles", **second, orgSourcedId="O"))) == []


def test_a_person_without_a_primary_role_is_read_with_a_word() -> None:
    assert warned(bundle(roles=row("roles", 2, roleType="secondary"))) == [
        "roles.csv:4 (roleType): This person has no primary role at this org."
    ]


def test_a_person_without_a_role_is_read_with_a_word() -> None:
    assert warned(bundle(roles=CENTRE["roles"][:2])) == ["users.csv:4: This person has no role."]


def test_a_role_and_an_enrolment_do_not_end_before_they_begin() -> None:
    for file in ("roles", "enrollments"):
        ends = {"beginDate": "2026-09-07", "endDate": "2026-09-06"}
        assert refused(bundle(**{file: row(file, **ends)})) == [
            f"{file}.csv:2 (endDate): The end is before the beginning."
        ]
        assert accepted(bundle(**{file: row(file, **ends | {"endDate": "2026-09-07"})}))


def test_nobody_is_in_a_class_twice_at_a_time() -> None:
    again = {"sourcedId": "N3", "beginDate": "2026-10-01"}
    twice = more("enrollments", **again)
    assert refused(bundle(enrollments=twice)) == [
        "enrollments.csv:4 (userSourcedId): This person is enrolled in this class on line 2 already."
    ]
    twice[0] = twice[0] | {"endDate": "2026-10-01"}
    assert len(accepted(bundle(enrollments=twice)).enrollments) == 3
    backwards = [twice[2], twice[1], twice[0]]
    assert len(accepted(bundle(enrollments=backwards)).enrollments) == 3
    backwards[2] = backwards[2] | {"endDate": "2026-10-02"}
    assert refused(bundle(enrollments=backwards)) == [
        "enrollments.csv:4 (userSourcedId): This person is enrolled in this class on line 2 already."
    ]


def test_an_enrolment_without_a_day_stands_in_nobodys_way() -> None:
    never = more("enrollments", sourcedId="N3", beginDate="2026-10-01", endDate="2026-10-01")
    assert len(accepted(bundle(enrollments=never)).enrollments) == 3


def test_the_class_decides_of_which_school_an_enrolment_is() -> None:
    sentence = "The class is of another school; the class decides."
    assert warned(bundle(enrollments=row("enrollments", schoolSourcedId="O"))) == [
        f"enrollments.csv:2 (schoolSourcedId): {sentence}"
    ]
    assert warned(bundle(lineItems=row("lineItems", schoolSourcedId="O"))) == [
        f"lineItems.csv:2 (schoolSourcedId): {sentence}"
    ]


def test_a_student_has_the_role_of_one() -> None:
    assert "enrollments.csv:2 (role): The person is enrolled as a student without the role of one." in warned(
        bundle(roles=row("roles", 1, role="aide"))
    )


def test_only_a_teacher_is_primary_and_only_one() -> None:
    packed = bundle(enrollments=row("enrollments", primary="true"))
    assert warned(packed) == ["enrollments.csv:2 (primary): Only a teacher is primary; this is not read."]
    assert not accepted(packed).enrollments[0].primary
    two = [*CENTRE["enrollments"], dict(CENTRE["enrollments"][1], sourcedId="N3", userSourcedId="lan")]
    assert warned(bundle(enrollments=two)) == [
        "enrollments.csv:4 (primary): The class has a primary teacher on line 3 already."
    ]


def test_a_weight_is_not_below_zero() -> None:
    assert refused(bundle(categories=row("categories", weight="-1"))) == [
        "categories.csv:2 (weight): A weight is not below 0."
    ]


def test_the_highest_value_is_above_the_lowest() -> None:
    assert "lineItems.csv:2 (resultValueMax): The highest value is not above the lowest." in refused(
        bundle(lineItems=row("lineItems", resultValueMin="10"))
    )


def test_a_line_item_due_before_it_is_assigned_is_read_with_a_word() -> None:
    assert warned(bundle(lineItems=row("lineItems", dueDate="2026-09-13"))) == [
        "lineItems.csv:2 (dueDate): It is due before it is assigned."
    ]


def test_a_score_lies_within_the_values_of_its_line_item() -> None:
    assert accepted(bundle(results=row("results", score="10")))
    assert refused(bundle(results=row("results", score="10.1"))) == [
        "results.csv:2 (score): The score 10.1 is above the highest value, 10."
    ]
    assert refused(bundle(results=row("results", score="-0.5"))) == [
        "results.csv:2 (score): The score -0.5 is below the lowest value, 0."
    ]
    unbounded = row("lineItems", resultValueMin="", resultValueMax="")
    assert accepted(bundle(lineItems=unbounded, results=row("results", score="120")))


def test_what_is_fully_graded_has_a_score_or_a_text() -> None:
    assert refused(bundle(results=row("results", score=""))) == [
        "results.csv:2 (score): It is fully graded but has no score."
    ]
    assert accepted(bundle(results=row("results", score="", textScore="A")))
    assert accepted(bundle(results=row("results", score="", scoreStatus="not submitted"))).results[0].score is None


def test_a_score_beside_not_submitted_is_read_with_a_word() -> None:
    assert warned(bundle(results=row("results", scoreStatus="not submitted", score="0"))) == [
        'results.csv:2 (score): There is a score, although the status is "not submitted".'
    ]


def test_a_result_is_of_a_student_of_the_class() -> None:
    told = "results.csv:2 (studentSourcedId): This student is not enrolled in the class of the line item."
    assert refused(bundle(results=row("results", studentSourcedId="hoa"))) == [told]
    moved = bundle(classes=more("classes", sourcedId="E2"), enrollments=row("enrollments", classSourcedId="E2"))
    assert told in warned(moved), "who changed class keeps the marks"


def test_a_result_does_not_name_another_class_than_its_line_item() -> None:
    classes = more("classes", sourcedId="E2")
    assert refused(bundle(classes=classes, results=row("results", classSourcedId="E2"))) == [
        "results.csv:2 (classSourcedId): The line item is of another class."
    ]
    assert accepted(bundle(classes=classes, results=row("results", classSourcedId="E1")))


def test_a_student_has_one_result_for_a_line_item() -> None:
    assert refused(bundle(results=more("results", sourcedId="S2"))) == [
        "results.csv:3 (studentSourcedId): This student has a result for this line item on line 2 already."
    ]


def test_the_child_names_the_parent() -> None:
    assert accepted(bundle()).relations == [Relation("minh", "lan", "parent")]


def test_a_parent_who_names_the_child_is_read_the_same_with_a_word() -> None:
    users = row("users", 0, agentSourcedIds="minh")
    both = bundle(users=users)
    users[1] = users[1] | {"agentSourcedIds": ""}
    alone = bundle(users=users)
    for packed in (both, alone):
        assert accepted(packed).relations == [Relation("minh", "lan", "parent")]
        assert warned(packed) == [
            "users.csv:2 (agentSourcedIds): The child should name the grown-up; here it is the other way round."
        ]


def test_an_agent_who_is_no_guardian_is_not_linked() -> None:
    packed = bundle(users=row("users", 1, agentSourcedIds="hoa"))
    assert accepted(packed).relations == []
    assert warned(packed) == [
        "users.csv:3 (agentSourcedIds): Neither is a guardian, parent or relative; the link is not read."
    ]


def test_two_grown_ups_do_not_answer_for_each_other() -> None:
    packed = bundle(users=row("users", 2, agentSourcedIds="lan"), roles=row("roles", 2, role="relative"))
    assert accepted(packed).relations == [Relation("minh", "lan", "parent")]
    assert "users.csv:4 (agentSourcedIds): Neither is a guardian" in " ".join(warned(packed))


def test_nobody_is_their_own_agent() -> None:
    assert refused(bundle(users=row("users", 1, agentSourcedIds="minh"))) == [
        "users.csv:3 (agentSourcedIds): A person cannot be their own agent."
    ]


def test_guardians_do_not_run_in_circles() -> None:
    roles = [
        *CENTRE["roles"],
        dict(CENTRE["roles"][0], sourcedId="R4", role="student", roleType="secondary"),
        dict(CENTRE["roles"][1], sourcedId="R5", role="guardian", roleType="secondary"),
    ]
    assert refused(bundle(roles=roles, users=row("users", 0, agentSourcedIds="minh"))) == [
        'users.csv:2 (agentSourcedIds): "lan" comes back to itself.'
    ]


def test_the_same_bundle_is_read_the_same_twice() -> None:
    assert oneroster.read(bundle()) == oneroster.read(bundle())
