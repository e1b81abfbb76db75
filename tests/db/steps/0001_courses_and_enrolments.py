"""Courses and enrolments."""

from tortoise.migrations.constraints import CheckConstraint

from portal.db import fields
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base


class Migration(Base):
    initial = True
    operations = [  # noqa: RUF012 - as Tortoise declares it
        Ddl(
            """
            CREATE TABLE course (
                id {id},
                code VARCHAR(20) NOT NULL,
                note TEXT,
                seats {bigint} NOT NULL DEFAULT 20,
                starts_at {instant},
                starts_on {day},
                live {flag} NOT NULL DEFAULT TRUE,
                facts {json} NOT NULL DEFAULT '{}',
                CONSTRAINT course_seats CHECK (seats >= 0)
            );
            CREATE TABLE enrolment (
                id {id},
                course_id {bigint} NOT NULL REFERENCES course (id) ON DELETE RESTRICT,
                pupil VARCHAR(80) NOT NULL,
                UNIQUE (course_id, pupil)
            );
            CREATE INDEX course_code ON course (code);
            """
        ),
        StateOnly(
            ops.CreateModel(
                name="Course",
                fields=[
                    ("id", fields.Id()),
                    ("code", fields.Text(20)),
                    ("note", fields.LongText(null=True)),
                    ("seats", fields.Number(default=20)),
                    ("starts_at", fields.Instant(null=True)),
                    ("starts_on", fields.Day(null=True)),
                    ("live", fields.Flag(default=True)),
                    ("facts", fields.Json(default=dict)),
                ],
                options={
                    "table": "course",
                    "constraints": (CheckConstraint(check="seats >= 0", name="course_seats"),),
                },
            ),
            ops.CreateModel(
                name="Enrolment",
                fields=[
                    ("id", fields.Id()),
                    ("course", fields.Ref("models.Course", related_name="enrolments")),
                    ("pupil", fields.Text(80)),
                ],
                options={"table": "enrolment", "unique_together": (("course", "pupil"),)},
            ),
        ),
    ]
