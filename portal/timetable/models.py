"""Tables of classes and their lessons."""

from tortoise.models import Model

from portal.db import fields


class Class(Model):
    """A group that learns together. `ends_on` is the last day, inclusive. State: planned, open, running, finished."""

    id = fields.Id()
    branch = fields.Ref("models.Branch")
    level = fields.Ref("models.Level", null=True)
    term = fields.Ref("models.Term", null=True)
    code = fields.Text(64)
    name = fields.Text(200)
    starts_on = fields.Day(null=True)
    ends_on = fields.Day(null=True)
    capacity = fields.Number(null=True)
    room = fields.Text(80, default="")
    closed_at = fields.Instant(null=True)

    class Meta:
        table = "class"


class ClassTeacher(Model):
    """Who teaches a class."""

    id = fields.Id()
    of_class = fields.Ref("models.Class", source_field="class_id")
    person = fields.Ref("models.Person")
    is_lead = fields.Flag(default=True)

    class Meta:
        table = "class_teacher"


class ClassMembership(Model):
    """A student in a class. `until` is the last day, inclusive; empty while it goes on."""

    id = fields.Id()
    of_class = fields.Ref("models.Class", source_field="class_id")
    student = fields.Ref("models.Student")
    since = fields.Day(null=True)
    until = fields.Day(null=True)

    class Meta:
        table = "class_membership"


class WeeklySlot(Model):
    """One meeting of the weekly pattern: ISO weekday (1 Monday), local minutes after midnight."""

    id = fields.Id()
    of_class = fields.Ref("models.Class", source_field="class_id")
    weekday = fields.Number()
    starts_minute = fields.Number()
    ends_minute = fields.Number()

    class Meta:
        table = "weekly_slot"


class Lesson(Model):
    """One dated meeting of a class."""

    id = fields.Id()
    of_class = fields.Ref("models.Class", source_field="class_id")
    teacher = fields.Ref("models.Person", null=True)
    starts_at = fields.Instant()
    ends_at = fields.Instant()
    cancelled_at = fields.Instant(null=True)

    class Meta:
        table = "lesson"
