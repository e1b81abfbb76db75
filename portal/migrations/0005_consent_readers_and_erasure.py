"""Consent, who read what, and what was erased."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0004_an_import_can_be_undone")]

    operations = [
        Ddl([]),
    ]
