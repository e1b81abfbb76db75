"""Versions of what pages show."""

from portal.db.migrations import Ddl
from portal.db.migrations import Migration as Base


class Migration(Base):
    dependencies = [("models", "0001_the_house_stands")]

    operations = [
        Ddl("""CREATE TABLE view_version (
            source VARCHAR(32) PRIMARY KEY,
            version {bigint} NOT NULL
        )"""),
    ]
