"""The words of the record of acts: what was done, and to which kind of record. A test compares them with the code."""

from portal.errors import Sentence, say
from staff import words

VERBS: dict[str, Sentence] = words.ACTS | {
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

RECORDS: dict[str, Sentence] = {
    "account": say("Account"),
    "assessment": say("Assessment"),
    "audit": say("Record of acts"),
    "branch": say("Branch"),
    "centre": say("Centre"),
    "export": say("List"),
    "import": say("Import"),
    "import_run": say("Run of an import"),
    "job": say("Work behind the pages"),
    "person": say("Person"),
    "session": say("Session"),
    "student": say("Student"),
}

FIELDS: dict[str, Sentence] = {
    "account": say("Account"),
    "asked": say("Asked for"),
    "attempts": say("Attempts"),
    "branch": say("Branch"),
    "by": say("Way in"),
    "count": say("How many"),
    "counts": say("Counts"),
    "ground": say("Ground"),
    "guardian": say("Guardian"),
    "kind": say("Kind"),
    "person": say("Person"),
    "query": say("Asked for"),
    "role": say("Role"),
    "student": say("Student"),
}


def told(words_of: dict[str, Sentence], code: str) -> Sentence:
    """A code in words; one without words as it is."""
    return words_of.get(code) or Sentence("{code}", {"code": code})
