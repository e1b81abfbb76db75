"""The audit trail can be searched."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0006_columns_are_remembered")]

    operations = [
        Ddl([]),
    ]
