"""A small school of the tests' own: courses and who is enrolled."""

from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from portal.db import fields


class Course(Model):
    """A course with all our kinds of fields."""

    id = fields.Id()
    code = fields.Text(20)
    note = fields.LongText(null=True)
    seats = fields.Number(default=20)
    starts_at = fields.Instant(null=True)
    starts_on = fields.Day(null=True)
    live = fields.Flag(default=True)
    facts = fields.Json(default=dict)

    class Meta:
        table = "course"
        constraints = (CheckConstraint(check="seats >= 0", name="course_seats"),)


class Enrolment(Model):
    """A pupil in a course, once."""

    id = fields.Id()
    course = fields.Ref("models.Course", related_name="enrolments")
    course_id: int
    pupil = fields.Text(80)

    class Meta:
        table = "enrolment"
        unique_together = (("course", "pupil"),)
