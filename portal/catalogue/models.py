"""Tables of what is taught."""

from tortoise.models import Model

from portal.db import fields


class Program(Model):
    """What is taught, with its own address (`slug`)."""

    id = fields.Id()
    code = fields.Text(64)
    slug = fields.Text(80)
    name = fields.Text(200)
    summary = fields.Text(500, default="")
    youngest = fields.Number(null=True)
    oldest = fields.Number(null=True)
    ordinal = fields.Number(default=0)

    class Meta:
        table = "program"


class Level(Model):
    """A step of a program; a class is promoted to the level with the next `ordinal`."""

    id = fields.Id()
    program = fields.Ref("models.Program")
    ordinal = fields.Number()
    name = fields.Text(80)
    cefr = fields.Text(4, default="")

    class Meta:
        table = "level"
