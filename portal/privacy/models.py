"""Tables of privacy: erasures, consents, exports, readings, and how long things are kept."""

from tortoise.models import Model

from portal.db import fields


class Erasure(Model):
    """That a person was erased, on which ground, and how much; never who they were."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    ground = fields.Text(16)
    counts = fields.Json()
    made_at = fields.Instant()
    made_by = fields.Number(null=True)
    swept_at = fields.Instant(null=True)

    class Meta:
        table = "erasure"


class Consent(Model):
    """What was agreed to about `person` by `giver` (themselves, or a guardian), in which words, and whether it stands.

    `way`: on a page, or on paper that staff noted. One that stands is the only one of its giver and kind.
    """

    id = fields.Id()
    person = fields.Ref("models.Person")
    kind = fields.Text(16)
    giver = fields.Ref("models.Person")
    version = fields.Text(16)
    language = fields.Text(8)
    words_hash = fields.Text(64)
    way = fields.Text(8)
    given_at = fields.Instant()
    noted_by = fields.Number(null=True)
    note = fields.Text(300, default="")
    withdrawn_at = fields.Instant(null=True)
    withdrawn_by = fields.Number(null=True)
    withdrawn_way = fields.Text(8, default="")

    class Meta:
        table = "consent"


class ConsentQuestion(Model):
    """That a version of the words was put before a person at the door: once, whatever they answered."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    kind = fields.Text(16)
    version = fields.Text(16)
    asked_at = fields.Instant()

    class Meta:
        table = "consent_question"


class DataExport(Model):
    """What we hold about a person, packed for whoever asked; the file goes when it expires."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    asked_by = fields.Number()
    asked_at = fields.Instant()
    language = fields.Text(8)
    file = fields.Ref("models.StoredFile", null=True)
    made_at = fields.Instant(null=True)
    expires_at = fields.Instant(null=True)
    failed_at = fields.Instant(null=True)

    class Meta:
        table = "data_export"


class Reading(Model):
    """That somebody of the staff looked at a page about a person in that hour; no person for a list of people."""

    id = fields.Id()
    account_id = fields.Number()
    role = fields.Text(16)
    person = fields.Ref("models.Person", null=True)
    page = fields.Text(16)
    at = fields.Instant()

    class Meta:
        table = "reading"


class Retention(Model):
    """For how many days a kind of record is kept, where the administrator chose otherwise than the default."""

    id = fields.Id()
    kind = fields.Text(24, unique=True)
    days = fields.Number()
    changed_at = fields.Instant()
    changed_by = fields.Number(null=True)

    class Meta:
        table = "retention"


class RetentionDay(Model):
    """What was deleted on a day because its time was over."""

    id = fields.Id()
    day = fields.Day(unique=True)
    counts = fields.Json()
    ended_at = fields.Instant(null=True)

    class Meta:
        table = "retention_day"
