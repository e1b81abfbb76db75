"""The table of letters."""

from tortoise.models import Model

from portal.db import fields


class Letter(Model):
    """A letter as it was rendered: sent by SMTP, or, where there is no SMTP, only kept for the outbox page."""

    id = fields.Id()
    recipient = fields.Text(254)
    subject = fields.Text(200)
    text = fields.LongText()
    html = fields.LongText()
    language = fields.Text(8)
    made_at = fields.Instant()
    sent_at = fields.Instant(null=True)

    class Meta:
        table = "letter"
