"""The cast with marks in Minh's class."""

import datetime as dt

import pytest

from portal import clock, db
from portal.gradebook import recording
from tests.cast import ZONE, Cast, gather


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather()


class Book:
    """The gradebook of one class, filled line by line."""

    def __init__(self, class_id: int) -> None:
        self.class_id = class_id
        self._categories: dict[str, int] = {}

    async def category(self, name: str, weight: int) -> int:
        if name not in self._categories:
            self._categories[name] = await db.insert(
                "category", class_id=self.class_id, name=name, weight=weight * 1000, ordinal=len(self._categories)
            )
        return self._categories[name]

    async def work(self, name: str, category: str = "Quizzes", weight: int = 40, most: float = 10) -> int:
        """A piece of work, due a week ago."""
        return await db.insert(
            "assessment",
            class_id=self.class_id,
            category_id=await self.category(category, weight),
            name=name,
            due_on=clock.today(ZONE) - dt.timedelta(days=7),
            max_points=int(most * 1000),
        )

    async def mark(
        self,
        assessment: int,
        student: int,
        points: float | None,
        *,
        state: str = "graded",
        published: bool = True,
        comment: str = "",
    ) -> None:
        """A student's mark in it."""
        await db.insert(
            "score",
            assessment_id=assessment,
            student_id=student,
            state=state,
            points=None if points is None else int(points * 1000),
            comment=comment,
            scored_on=clock.today(ZONE),
            published_at=clock.now() if published else None,
            changed_at=clock.now(),
        )
        async with db.transaction():
            await recording.recount([assessment])


@pytest.fixture
def book(cast: Cast) -> Book:
    return Book(cast.starters)
