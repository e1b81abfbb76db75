"""How the columns of a spreadsheet were matched."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0005_consent_readers_and_erasure")]

    operations = [
        Ddl([]),
    ]
