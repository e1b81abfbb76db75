"""The words of the staff's pages for what the domain calls by a code; translated where they are shown."""

from portal.errors import Sentence, say
from portal.interchange.sheets.writing import GROUND as SPREADSHEET
from portal.people.guardians import WITH_STUDENT
from portal.privacy import codes
from portal.scope import Permission as P

STATUSES = codes.STATUSES
STATUS_TONES = {"learning": "good", "suspended": "attention", "cancelled": "danger", "finished": "neutral"}

RELATIONS = codes.RELATIONS
SEXES = codes.SEXES
ROLES = codes.ROLES
PERMISSIONS: dict[P, Sentence] = {
    P.SEE_FAMILY_PAGES: say("Open the family's pages: one's own grades, or those of one's children"),
    P.USE_STAFF_ROOM: say("Enter the staff room"),
    P.SEE_OWN_CLASSES: say("See the students of one's own classes, and their grades there"),
    P.SEE_PEOPLE: say("Find and see the people of the branch"),
    P.SEE_CONTACTS: say("See phones, emails and addresses"),
    P.SEE_PAYER_CONTACTS: say("See how those who pay are reached"),
    P.SEE_ACCOUNT_CONTACTS: say("See how those with an account are reached"),
    P.SEE_GRADES: say("See every grade of the branch"),
    P.EDIT_PEOPLE: say("Add people and students"),
    P.LINK_GUARDIANS: say("Link guardians, and decide what each may see"),
    P.SEE_ACCOUNTS: say("See accounts"),
    P.EDIT_ACCOUNTS: say("Open and close accounts, give and take roles"),
    P.SEE_ROLES: say("See this table of roles"),
    P.SEE_IMPORTS: say("See what was imported"),
    P.IMPORT_DATA: say("Import data"),
    P.IMPORT_PEOPLE: say("Import people from a spreadsheet"),
    P.TAKE_LISTS: say("Take lists of people along as a file"),
    P.READ_OUTBOX: say("Read the letters of the demo centre"),
    P.NOTE_CONSENT: say("See consents, and note those given or withdrawn on paper"),
    P.SEE_READERS: say("See who looked at somebody's records"),
    P.EXPORT_PEOPLE: say("Pack what is held about a person, for them"),
    P.ERASE_PEOPLE: say("Erase a person for good"),
    P.SET_RETENTION: say("Decide how long things are kept"),
    P.WATCH_HOUSE: say("See how the server does, and decide on work that failed"),
    P.SEE_AUDIT: say("Search the record of who did what"),
    P.EXPORT_AUDIT: say("Take the record of who did what out as a file"),
}

ACTS = codes.ACTS
OTHER_ACT = say("Changed")

RUN_STATES: dict[str, Sentence] = {
    "waiting": say("Waits for its turn"),
    "checking": say("Is being checked"),
    "ready": say("Checked, not imported yet"),
    "importing": say("Is being imported"),
    "done": say("Imported"),
    "undoing": say("Is being taken back"),
    "undone": say("Taken back"),
    "refused": say("Refused"),
    "failed": say("Failed"),
    "cancelled": say("Stopped"),
}
# The tables that an undo speaks of, as people call what is in them.
TABLES: dict[str, Sentence] = {
    "branch": say("Branches"),
    "term": say("Terms"),
    "program": say("Programs"),
    "class": say("Classes"),
    "person": say("Persons"),
    "student": say("Students"),
    "teacher": say("Teachers"),
    "staff_member": say("Staff"),
    "guardian": say("Guardian links"),
    "class_membership": say("Students in classes"),
    "class_teacher": say("Teachers of classes"),
    "category": say("Categories of work"),
    "assessment": say("Assessments"),
    "score": say("Marks given"),
    "account": say("Accounts"),
    "lesson": say("Lessons"),
}
KEPT: dict[str, Sentence] = {
    "since": say("Changed since"),
    "used": say("In use since"),
    "part": say("Belongs to a record that stays"),
    "gone": say("No longer there"),
    "taken": say("Its place is taken"),
}
SEVERITIES: dict[str, Sentence] = {
    "error": say("Mistake"),
    "warning": say("Odd"),
    "note": say("Not stored"),
}
# By the names that the standard gives its files, and the import its ledgers.
KINDS: dict[str, Sentence] = {
    "orgs": say("Branches"),
    "academicSessions": say("Terms"),
    "courses": say("Programs and levels"),
    "classes": say("Classes"),
    "users": say("Persons"),
    "roles": say("Roles of persons"),
    "demographics": say("Birth dates"),
    "guardians": say("Guardian links"),
    "enrollments": say("Students in classes"),
    "teachings": say("Teachers of classes"),
    "categories": say("Categories of work"),
    "lineItems": say("Assessments"),
    "results": say("Marks given"),
    "students": say("Students"),
    "staff": say("Staff"),
    "sourcedIds": say("Names in the other system"),
}


def ground(text: str) -> Sentence:
    """A ground as it is shown: what staff typed, or, where the system wrote it, in the reader's language."""
    known = {str(each): each for each in (WITH_STUDENT, SPREADSHEET)}
    return known.get(text, Sentence("{text}", {"text": text}))
