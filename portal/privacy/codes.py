"""What the house calls by a code, in words: for the pages of the staff, and for the copy that a family takes along."""

from portal.access.roles import Role
from portal.errors import Sentence, say

STATUSES: dict[str, Sentence] = {
    "learning": say("Learning"),
    "suspended": say("Suspended"),
    "cancelled": say("Cancelled"),
    "finished": say("Finished"),
}

RELATIONS: dict[str, Sentence] = {
    "mother": say("Mother"),
    "father": say("Father"),
    "grandparent": say("Grandparent"),
    "sibling": say("Brother or sister"),
    "guardian": say("Legal guardian"),
    "relative": say("Relative"),
    "other": say("Somebody else"),
}

SEXES: dict[str, Sentence] = {
    "female": say("Female"),
    "male": say("Male"),
    "other": say("Other"),
}

ROLES: dict[str, Sentence] = {
    Role.GUARDIAN: say("Guardian"),
    Role.STUDENT: say("Student"),
    Role.TEACHER: say("Teacher"),
    Role.COUNSELLOR: say("Counsellor"),
    Role.CARE: say("Customer care"),
    Role.ACCOUNTANT: say("Accountant"),
    Role.MARKETING: say("Marketing"),
    Role.MANAGER: say("Branch manager"),
    Role.DIRECTOR: say("Director"),
    Role.ADMINISTRATOR: say("Administrator"),
}

ACTS: dict[str, Sentence] = {
    "person.add": say("Entered as a person"),
    "person.change": say("Facts changed"),
    "student.admit": say("Made a student"),
    "student.change": say("Student’s record changed"),
    "guardian.link": say("Guardian linked"),
    "guardian.allow": say("Changed what a guardian may see and do"),
    "guardian.restrict": say("Guardian restricted: no sight, no contact"),
    "guardian.release": say("Restriction of a guardian lifted"),
}

VERBS: dict[str, Sentence] = ACTS | {
    "account.open": say("Account opened"),
    "account.invite": say("Invitation sent"),
    "account.disable": say("Account closed"),
    "account.enable": say("Account opened again"),
    "role.give": say("Role given"),
    "role.take": say("Role taken away"),
    "sign_in": say("Sign-in"),
    "sign_out": say("Sign-out"),
    "session.end": say("A device signed out"),
    "password.change": say("Password changed"),
    "password.reset_asked": say("Link for a new password asked for"),
    "password.set_by_reset": say("New password set by link"),
    "password.set_by_invitation": say("Password chosen by invitation"),
    "identity.link": say("Account elsewhere linked"),
    "identity.unlink": say("Own account elsewhere unlinked"),
    "identity.take": say("Account elsewhere unlinked by the office"),
    "guardian.not_told": say("A guardian could not be told of a new link"),
    "consent.give": say("Consent given"),
    "consent.withdraw": say("Consent withdrawn"),
    "person.erase": say("Person erased"),
    "person.export": say("Copy of a person’s data packed"),
    "people.export": say("List of people taken along"),
    "audit.export": say("Record of acts taken out"),
    "score.record": say("Mark written"),
    "assessment.publish": say("Marks published"),
    "import.start": say("Import begun"),
    "import.go_on": say("Import agreed to"),
    "import.leaving": say("Whether the missing leave decided"),
    "import.stop": say("Import stopped"),
    "import.take_back": say("Taking an import back begun"),
    "import.undo": say("Import taken back"),
    "import.oneroster": say("Bundle imported"),
    "import.students": say("Students imported from a spreadsheet"),
    "import.guardians": say("Guardians imported from a spreadsheet"),
    "import.staff": say("Staff imported from a spreadsheet"),
    "centre.found": say("Centre founded"),
    "branch.add": say("Branch added"),
    "demo.load": say("Demo loaded"),
    "backup.make": say("Backup made"),
    "backup.restore": say("Backup restored"),
    "retention.choose": say("Decided how long things are kept"),
    "retention.delete": say("Old records deleted"),
    "job.try_again": say("Failed work tried again"),
    "job.let_go": say("Failed work let go"),
}

# The words of the family's pages for the same (portal/pages).
READERS: dict[str, Sentence] = ROLES | {"": say("Staff")}
PAGES: dict[str, Sentence] = {
    "person": say("the person’s card"),
    "student": say("the record with classes and grades"),
    "guardians": say("the guardians"),
    "accounts": say("the account"),
    "export": say("a copy of the data"),
    "list": say("a list of people"),
}
CONSENTS: dict[str, Sentence] = {
    "privacy": say("How we handle personal data"),
    "publish": say("Photos and good results may be shown"),
    "news": say("News and offers by email"),
}
WAYS: dict[str, Sentence] = {"page": say("on the page"), "paper": say("on paper")}
THEMES: dict[str, Sentence] = {"auto": say("As the device"), "light": say("Paper"), "dark": say("Blackboard")}
MARK_STATES: dict[str, Sentence] = {
    "graded": say("Has a mark"),
    "exempt": say("Excused: does not count"),
    "not_submitted": say("Not handed in: does not count"),
    "submitted": say("Handed in, not marked yet"),
}
