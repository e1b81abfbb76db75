"""Tables of the centre."""

from tortoise.models import Model

from portal.db import fields


class Centre(Model):
    """The one centre of this database (id 1). `demo_loaded_at` marks a database of invented people."""

    id = fields.Id()
    name = fields.Text(120)
    time_zone = fields.Text(64)
    locale = fields.Text(8)
    name_order = fields.Text(16, default="family_first")
    currency = fields.Text(3, default="VND")
    epoch = fields.Text(32)
    demo_loaded_at = fields.Instant(null=True)

    class Meta:
        table = "centre"


class Branch(Model):
    """A site of the centre; every record belongs to one."""

    id = fields.Id()
    code = fields.Text(64)
    name = fields.Text(120)
    address = fields.Text(300, default="")
    phone = fields.Text(20, default="")
    closed_on = fields.Day(null=True)

    class Meta:
        table = "branch"


class Term(Model):
    """A school year or a part of it. `ends_on` is the last day, inclusive."""

    id = fields.Id()
    name = fields.Text(120)
    kind = fields.Text(16)
    starts_on = fields.Day()
    ends_on = fields.Day()
    school_year = fields.Number(null=True)
    parent = fields.Ref("models.Term", null=True)

    class Meta:
        table = "term"


class Holiday(Model):
    """A day without lessons, at one branch or, without a branch, everywhere."""

    id = fields.Id()
    day = fields.Day()
    name = fields.Text(120)
    branch = fields.Ref("models.Branch", null=True)

    class Meta:
        table = "holiday"
