"""Accounts signed in by other identity providers."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0002_views_have_versions")]

    operations = [
        Ddl([]),
    ]
