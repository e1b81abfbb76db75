"""The header row, and what is never read."""

from portal.interchange import oneroster
from tests.interchange.builder import CENTRE, accepted, bundle, csv_of, refused, warned

USERS = csv_of("users", CENTRE["users"])
CLASSES = csv_of("classes", CENTRE["classes"])


def test_columns_in_another_order_are_read_by_their_names() -> None:
    lines = [line.split(",") for line in csv_of("orgs", CENTRE["orgs"]).splitlines()]
    turned = "\r\n".join(",".join(reversed(line)) for line in lines)
    assert warned(bundle(orgs=turned)) == [
        "orgs.csv:1: The columns are in another order than the standard's; names decide."
    ]
    assert accepted(bundle(orgs=turned)) == accepted(bundle())


def test_a_missing_required_column_is_refused() -> None:
    assert refused(bundle(orgs="sourcedId,status,dateLastModified,type,identifier,parentSourcedId\nO1,,,school,,")) == [
        "orgs.csv:1 (name): This required column is missing."
    ]


def test_a_misspelt_required_column_is_refused_with_a_guess() -> None:
    assert refused(bundle(classes=CLASSES.replace("schoolSourcedId", "schoolSourceId"))) == [
        'classes.csv:1 (schoolSourcedId): This required column is missing; is "schoolSourceId" meant?'
    ]


def test_a_file_without_sourcedids_is_refused() -> None:
    assert "orgs.csv:1 (sourcedId): This required column is missing." in refused(bundle(orgs="name,type\nA,school"))


def test_known_misspellings_and_other_letters_are_read_with_a_word() -> None:
    mended = CLASSES.replace("termSourcedIds", "termSourcedId").replace("title", "Title")
    assert warned(bundle(classes=mended)) == [
        'classes.csv:1 (Title): "Title" is read as "title".',
        'classes.csv:1 (termSourcedId): "termSourcedId" is read as "termSourcedIds".',
    ]
    assert accepted(bundle(classes=mended)) == accepted(bundle())


def test_a_column_that_is_there_twice_is_refused() -> None:
    assert refused(bundle(users=USERS.replace("middleName", "givenName"))) == [
        "users.csv:1 (givenName): This column is there twice."
    ]


def test_a_column_beside_its_own_misspelling_is_read_and_the_misspelling_not() -> None:
    assert warned(bundle(users=USERS.replace("middleName", "Username"))) == [
        "users.csv:1: Columns of the standard are missing: middleName.",
        "users.csv:1 (Username): This column is not of the standard and is not read.",
    ]


def test_missing_optional_columns_are_said_in_one_sentence() -> None:
    assert warned(bundle(orgs="sourcedId,name,type,parentSourcedId\nO,Sân Trường,district,\nO1,Cầu Giấy,school,O")) == [
        "orgs.csv:1: Columns of the standard are missing: status, dateLastModified, identifier."
    ]


def test_a_header_without_end_is_refused() -> None:
    wide = ",".join(["Title", *(f"x{number}" for number in range(500))])
    assert refused(bundle(orgs=wide)) == ["orgs.csv:1: The header has more than 500 columns."]


def test_nameless_columns_are_passed_over() -> None:
    lines = USERS.splitlines()
    padded = "\r\n".join([lines[0] + ",,", lines[1] + ",,", *lines[2:]])
    assert warned(bundle(users=padded)) == [
        "users.csv:1: The header ends in columns without a name; they are not read.",
    ]
    assert "users.csv:1: Column 9 has no name and is not read." in warned(bundle(users=USERS.replace("middleName", "")))


def test_users_of_1_2_0_may_carry_resources() -> None:
    users = [dict(each, resourceSourcedIds="") for each in CENTRE["users"]]
    columns = USERS.splitlines()[0].split(",")
    columns.insert(columns.index("preferredGivenName"), "resourceSourcedIds")
    lines = [",".join(columns), *(",".join(each.get(name, "") for name in columns) for each in users)]
    assert warned(bundle(users="\r\n".join(lines))) == []


def test_passwords_race_and_metadata_are_never_read_and_it_says_so() -> None:
    users = [dict(each, **{"metadata.shoeSize": "forty-two", "colour": "azure"}) for each in CENTRE["users"]]
    reading = oneroster.read(bundle(users=users))
    assert reading.bundle
    notes = [str(note) for note in reading.notes]
    assert "users.csv: passwords are never read or stored (password)." in notes
    assert "users.csv: unknown metadata is never read or stored (metadata.shoeSize)." in notes
    assert any(note.startswith("demographics.csv: race and ethnicity are never read") for note in notes)
    assert any(note.startswith("users.csv: not used here, so not stored: userIds") for note in notes)
    assert [str(problem) for problem in reading.problems] == [
        "users.csv:1 (colour): This column is not of the standard and is not read."
    ]
    for secret in ("hunter2", "forty-two", "azure", "celadon"):
        assert secret not in repr(reading)
