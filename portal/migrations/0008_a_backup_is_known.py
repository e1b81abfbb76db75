"""What operating the house needs to remember."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0007_the_record_is_searched")]

    operations = [
        Ddl([]),
    ]
