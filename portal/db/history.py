"""Which migrations a database has had, as a model: Tortoise wants at least one, even with no room."""

from tortoise.models import Model

from portal.db import fields


class Applied(Model):
    """A migration that this database has had."""

    id = fields.Id()
    app = fields.Text(255)
    name = fields.Text(255)
    applied_at = fields.Instant()

    class Meta:
        table = "tortoise_migrations"
