"""Tables of access: accounts, the roles they hold, sessions, secret links, devices, attempts."""

from tortoise.models import Model

from portal.db import fields


class Account(Model):
    """A person's way in. Signs in with `email` or `phone`; without `password_hash` until the invitation is accepted."""

    id = fields.Id()
    person = fields.Ref("models.Person")
    email = fields.Text(254, null=True)
    phone = fields.Text(20, null=True)
    password_hash = fields.Text(200, null=True)
    language = fields.Text(8, default="")
    theme = fields.Text(8, default="auto")
    disabled_at = fields.Instant(null=True)
    disabled_by = fields.Number(null=True)
    made_at = fields.Instant()
    made_by = fields.Number(null=True)
    password_set_at = fields.Instant(null=True)

    class Meta:
        table = "account"


class AccountRole(Model):
    """A role held at a branch, or at all of them when `branch` is empty."""

    id = fields.Id()
    account = fields.Ref("models.Account")
    role = fields.Text(16)
    branch = fields.Ref("models.Branch", null=True)
    given_at = fields.Instant()
    given_by = fields.Number(null=True)

    class Meta:
        table = "account_role"


class Session(Model):
    """A signed-in browser. Only the hash of its token is kept."""

    id = fields.Id()
    account = fields.Ref("models.Account")
    token_hash = fields.Text(64)
    made_at = fields.Instant()
    seen_at = fields.Instant()
    ended_at = fields.Instant(null=True)
    device = fields.Text(200, default="")
    address = fields.Text(45, default="")

    class Meta:
        table = "session"


class SecretLink(Model):
    """A link that works once (purpose reset or invitation). Only the hash of its key is kept."""

    id = fields.Id()
    account = fields.Ref("models.Account")
    purpose = fields.Text(12)
    key_hash = fields.Text(64)
    made_at = fields.Instant()
    made_by = fields.Number(null=True)
    expires_at = fields.Instant()
    used_at = fields.Instant(null=True)

    class Meta:
        table = "secret_link"


class KnownDevice(Model):
    """A browser that signed in to an account before, and so is spared the delays of throttling."""

    id = fields.Id()
    account = fields.Ref("models.Account")
    token_hash = fields.Text(64)
    seen_at = fields.Instant()

    class Meta:
        table = "known_device"


class SignInAttempt(Model):
    """A failed attempt, counted by what was typed (hashed) and by address; kept for a day."""

    id = fields.Id()
    login_hash = fields.Text(64)
    address = fields.Text(45)
    at = fields.Instant()

    class Meta:
        table = "sign_in_attempt"


class Identity(Model):
    """An account of somebody else's, at a provider, that opens an account here: (issuer, subject) is whose it is.

    `label` is what the provider calls it (mostly an email), shown to its owner alone and trusted for nothing.
    """

    id = fields.Id()
    account = fields.Ref("models.Account")
    issuer = fields.Text(300)
    subject = fields.Text(255)
    label = fields.Text(254, default="")
    linked_at = fields.Instant()
    linked_by = fields.Number(null=True)
    used_at = fields.Instant(null=True)

    class Meta:
        table = "identity"


class ProviderVisit(Model):
    """A browser that was sent to a provider: for what, and when it came back. Only hashes of its keys are kept."""

    id = fields.Id()
    state_hash = fields.Text(64)
    browser_hash = fields.Text(64)
    provider = fields.Text(32)
    purpose = fields.Text(12)
    session_id = fields.Number(null=True)
    link_hash = fields.Text(64, default="")
    after = fields.Text(2000, default="")
    begun_at = fields.Instant()
    ended_at = fields.Instant(null=True)

    class Meta:
        table = "provider_visit"
