"""What an import changed, so that it can be taken back."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0003_identities_of_other_issuers")]

    operations = [
        Ddl([]),
    ]
