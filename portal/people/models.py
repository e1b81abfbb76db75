"""Tables of people. A person stands once, whatever they are to the centre: student, guardian, teacher, staff."""

from tortoise.models import Model

from portal.db import fields


class Person(Model):
    """A human being. The keys are folded by `people.names` and never shown."""

    id = fields.Id()
    branch = fields.Ref("models.Branch", null=True)
    family_name = fields.Text(80)
    middle_name = fields.Text(80, default="")
    given_name = fields.Text(80)
    birth_date = fields.Day(null=True)
    sex = fields.Text(12, default="")
    address = fields.Text(300, default="")
    search_key = fields.Text(600)
    contact_key = fields.Text(1000, default="")
    sort_key = fields.Text(260)
    made_at = fields.Instant()
    made_by = fields.Number(null=True)
    changed_at = fields.Instant()
    changed_by = fields.Number(null=True)
    erased_at = fields.Instant(null=True)

    class Meta:
        table = "person"


class EmailAddress(Model):
    """An address of a person, lower case; at most one is primary."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    address = fields.Text(254)
    is_primary = fields.Flag(default=False)
    opted_out_at = fields.Instant(null=True)
    invalid_at = fields.Instant(null=True)

    class Meta:
        table = "email_address"


class PhoneNumber(Model):
    """A number of a person in E.164 form (+84912345678); at most one is primary."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    number = fields.Text(20)
    is_primary = fields.Flag(default=False)

    class Meta:
        table = "phone_number"


class Household(Model):
    """Guardians whom staff linked as one; a complaint or the family room belongs to it, never to a child."""

    id = fields.Id()
    branch = fields.Ref("models.Branch", null=True)
    made_at = fields.Instant()

    class Meta:
        table = "household"


class Student(Model):
    """A person who learns here. Status: learning, suspended, cancelled, finished."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    branch = fields.Ref("models.Branch")
    code = fields.Text(64)
    status = fields.Text(12, default="learning")
    assigned_to = fields.Ref("models.Person", null=True)
    made_at = fields.Instant()
    made_by = fields.Number(null=True)
    changed_at = fields.Instant()
    changed_by = fields.Number(null=True)

    class Meta:
        table = "student"


class Guardian(Model):
    """One person's link to one student: what they may see and pay, and by whose decision it stands."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    student = fields.Ref("models.Student")
    household = fields.Ref("models.Household")
    relation = fields.Text(16)
    may_see = fields.Flag(default=False)
    may_pay = fields.Flag(default=False)
    is_told = fields.Flag(default=True)
    restricted_at = fields.Instant(null=True)
    restricted_by = fields.Number(null=True)
    ground = fields.Text(300)
    linked_at = fields.Instant()
    linked_by = fields.Number(null=True)

    class Meta:
        table = "guardian"


class Teacher(Model):
    """A person who teaches, at one or more branches."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    code = fields.Text(64)
    left_on = fields.Day(null=True)

    class Meta:
        table = "teacher"


class StaffMember(Model):
    """A person who works here."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    code = fields.Text(64)
    position = fields.Text(80, default="")
    left_on = fields.Day(null=True)

    class Meta:
        table = "staff_member"


class WorksAt(Model):
    """A teacher or staff member at a branch; a person may work at several."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    branch = fields.Ref("models.Branch")

    class Meta:
        table = "works_at"
