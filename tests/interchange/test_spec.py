"""The tables themselves."""

from dataclasses import fields

import pytest

from portal.interchange.oneroster.records import Bundle
from portal.interchange.oneroster.sds import SDS_2, SDS_21
from portal.interchange.oneroster.spec import DIALECTS, Dialect, Table
from portal.interchange.oneroster.values import PLAIN

ALL = [*DIALECTS.values(), SDS_2, SDS_21]
TABLES = [pytest.param(table, id=f"{each.version}-{table.file}") for each in ALL for table in each.tables]

HEADERS = {
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "orgs": "name type identifier parentSourcedId",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId "
    "termSourcedIds subjects subjectCodes periods",
    "users": "enabledUser username userIds givenName familyName middleName identifier email sms "
    "phone agentSourcedIds grades password userMasterIdentifier preferredGivenName "
    "preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "demographics": "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
    "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces "
    "hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth "
    "publicSchoolResidenceStatus",
    "categories": "title weight",
    "lineItems": "title description assignDate dueDate classSourcedId categorySourcedId "
    "academicSessionSourcedId resultValueMin resultValueMax schoolSourcedId",
    "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment textScore "
    "classSourcedId inProgress incomplete late missing",
}


def test_the_columns_of_1_2_are_the_standards_in_its_order() -> None:
    for table in DIALECTS["1.2"].tables:
        written = [column.name for column in table.columns if not column.optional]
        assert written == ["sourcedId", "status", "dateLastModified", *HEADERS[table.file].split()]
    assert len(HEADERS) == len(DIALECTS["1.2"].tables)


def test_the_standard_knows_thirteen_and_twentyone_files() -> None:
    assert len(set(DIALECTS["1.1"].known)) == 13
    assert len(set(DIALECTS["1.2"].known)) == 21


@pytest.mark.parametrize("table", TABLES)
def test_every_column_fills_a_field_of_its_record(table: Table) -> None:
    names = {each.name for each in fields(table.record)}
    filled = [column.to for column in table.columns if column.to and not column.to.startswith("+")]
    assert set(filled) <= names
    assert len(filled) == len(set(filled))
    assert table.into in {each.name for each in fields(Bundle)}
    for column in table.columns:
        assert column.kind in {*PLAIN, "word", "ref", "refs", "key", "status", "modified"}
        assert not (column.why and column.to), "what is secret is not read"


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.version)
def test_files_are_read_after_those_they_refer_to(dialect: Dialect) -> None:
    before: set[str] = set()
    for table in dialect.tables:
        assert {column.refers for column in table.columns if column.refers} <= before | {table.file}
        before.add(table.file)
