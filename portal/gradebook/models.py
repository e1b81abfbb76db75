"""Tables of marks. Points are whole thousandths (8.5 is 8500), so that no sum is ever rounded on the way."""

from tortoise.models import Model

from portal.db import fields


class Category(Model):
    """A weighted kind of work in a class; `weight` in thousandths of whatever unit the class uses."""

    id = fields.Id()
    of_class = fields.Ref("models.Class", source_field="class_id")
    name = fields.Text(120)
    weight = fields.Number(default=0)
    ordinal = fields.Number(default=0)

    class Meta:
        table = "category"


class Assessment(Model):
    """A piece of work that is marked. `published_count` and `published_points` sum up its published marks.

    Once it is withdrawn (`withdrawn_at`) families see nothing of it.
    """

    id = fields.Id()
    of_class = fields.Ref("models.Class", source_field="class_id")
    category = fields.Ref("models.Category")
    name = fields.Text(200)
    description = fields.Text(1000, default="")
    due_on = fields.Day(null=True)
    max_points = fields.Number()
    published_count = fields.Number(default=0)
    published_points = fields.Number(default=0)
    withdrawn_at = fields.Instant(null=True)

    class Meta:
        table = "assessment"


class Score(Model):
    """A student's mark. A draft until `published_at`. Without points it says why in `state`, and counts nowhere.

    One that the other system has withdrawn (`withdrawn_at`) is not published with the others of its work.
    """

    id = fields.Id()
    assessment = fields.Ref("models.Assessment")
    student = fields.Ref("models.Student")
    state = fields.Text(20, default="graded")
    points = fields.Number(null=True)
    comment = fields.Text(1000, default="")
    scored_on = fields.Day(null=True)
    published_at = fields.Instant(null=True)
    withdrawn_at = fields.Instant(null=True)
    changed_at = fields.Instant()
    changed_by = fields.Number(null=True)

    class Meta:
        table = "score"
