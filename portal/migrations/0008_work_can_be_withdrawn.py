"""Work and marks that another system says have left: families see nothing of them, and an undo brings them back."""

from portal.db.fields import Instant
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0007_the_record_is_searched")]

    operations = [
        Ddl("ALTER TABLE assessment ADD COLUMN withdrawn_at {instant};"),
        Ddl("ALTER TABLE score ADD COLUMN withdrawn_at {instant};"),
        StateOnly(
            ops.AddField("Assessment", "withdrawn_at", Instant(null=True)),
            ops.AddField("Score", "withdrawn_at", Instant(null=True)),
        ),
    ]
