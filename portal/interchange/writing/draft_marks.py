"""Drafts of marks: categories, assessments, scores.

A blank is never zero: points stand only where the result counts. What the sender rounds finer than a
thousandth of a point is rounded to the nearest, halves to the even neighbour, so that sums do not drift.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from portal.errors import Sentence, say
from portal.interchange.oneroster import Bundle, records
from portal.interchange.writing.drafts import Assessment, Category, Drafts, Score, pair
from portal.interchange.writing.findings import Findings
from portal.text import clean

MOST = 100_000
"""The most points of a line item that does not say: 100, in thousandths."""
LIMIT = 1_000_000_000
"""A million points: the sum of a whole city's marks still fits into 64 bits."""

_STATES = {
    "exempt": "exempt",
    "fully graded": "graded",
    "not submitted": "not_submitted",
    "partially graded": "partially_graded",
    "submitted": "submitted",
}
_COUNTED = ("graded", "partially_graded")


def draft(bundle: Bundle, drafts: Drafts, findings: Findings, notes: list[Sentence]) -> None:
    """Categories, assessments and scores."""
    drafts.categories = _categories(bundle, findings, notes)
    drafts.assessments = [_assessment(item, findings) for item in bundle.line_items]
    most = {each.key: each.most for each in drafts.assessments}
    unsaid = {item.source_id for item in bundle.line_items if item.highest is None}
    marks = _Marks(most, unsaid, findings)
    drafts.scores = [marks.score(result) for result in bundle.results]
    if any(item.lowest for item in bundle.line_items):
        notes.append(say("lineItems.csv: the lowest value is not stored; a mark is shown as a part of the highest."))
    if any(result.text_score and result.score is not None for result in bundle.results):
        notes.append(say("results.csv: a mark in words is not stored where there is one in figures."))


def _categories(bundle: Bundle, findings: Findings, notes: list[Sentence]) -> list[Category]:
    """One for each class and category that a line item names together, in the order of the file."""
    used: dict[str, list[str]] = {}
    for item in bundle.line_items:
        classes = used.setdefault(item.category, [])
        if item.class_ not in classes:
            classes.append(item.class_)
    unused = sum(each.source_id not in used for each in bundle.categories)
    if unused:
        notes.append(say("categories.csv: {count} are not stored, because no line item names them.", count=unused))
    ordinals: dict[str, int] = {}
    found = []
    for each in bundle.categories:
        key = each.source_id
        for of_class in used.get(key, ()):
            ordinals[of_class] = ordinals.get(of_class, -1) + 1
            name = findings.fit(each.title, 120, "categories", key, "title")
            weight = _thousandths(each.weight or Decimal(0), "categories", key, "weight", findings)
            found.append(Category(pair(of_class, key), of_class, name, weight, ordinals[of_class]))
    return found


def _assessment(item: records.LineItem, findings: Findings) -> Assessment:
    key = item.source_id
    most = MOST
    if item.highest is not None:
        most = _thousandths(item.highest, "lineItems", key, "resultValueMax", findings)
        if not 0 < most <= LIMIT:
            sentence = say(
                "The highest value must be above 0 and at most {most} to be the most points of an assessment.",
                most=LIMIT // 1000,
            )
            findings.error("lineItems", key, "resultValueMax", sentence)
    return Assessment(
        key,
        of_class=item.class_,
        category=pair(item.class_, item.category),
        name=findings.fit(item.title, 200, "lineItems", key, "title"),
        description=findings.fit(clean(item.description), 1000, "lineItems", key, "description"),
        due_on=item.due,
        most=most,
    )


class _Marks:
    """Turns results into scores."""

    def __init__(self, most: dict[str, int], unsaid: set[str], findings: Findings) -> None:
        self._most = most
        self._unsaid = unsaid
        self._findings = findings

    def score(self, result: records.Result) -> Score:
        state = _STATES[result.status]
        points = self._points(result) if result.score is not None else None
        if points is None and state in _COUNTED:
            state = "submitted"  # marked in words or not yet: there is nothing to count
        elif points is not None and state not in _COUNTED:
            points = None
            if state == "submitted":
                self._findings.warn(
                    *("results", result.source_id, "score"),
                    say("The status says that it is not marked yet, so the score is not stored."),
                )
        return Score(
            *(result.source_id, result.line_item, result.student, state, points),
            self._comment(result),
            result.date,
        )

    def _points(self, result: records.Result) -> int:
        assert result.score is not None
        key = result.source_id
        if result.score < 0:
            self._findings.error("results", key, "score", say("Points are not below 0."))
        points = _thousandths(result.score, "results", key, "score", self._findings)
        if result.line_item in self._unsaid and points > self._most[result.line_item]:
            self._findings.error(
                *("results", key, "score"),
                say(
                    "The score {score} is above {most}, which is the most where lineItems.csv gives no resultValueMax.",
                    score=result.score,
                    most=MOST // 1000,
                ),
            )
        return points

    def _comment(self, result: records.Result) -> str:
        if not result.comment and not result.text_score:
            return ""
        words = [result.text_score] if result.score is None else []
        text = " · ".join(part for part in (*words, clean(result.comment)) if part)
        return self._findings.fit(text, 1000, "results", result.source_id, "comment")


def _thousandths(value: Decimal, file: str, key: str, column: str, findings: Findings) -> int:
    exact = value * 1000
    whole = exact.to_integral_value(ROUND_HALF_EVEN)
    if whole != exact:
        rounded = whole / 1000
        sentence = say("{value} is finer than a thousandth; {rounded} is stored.", value=value, rounded=rounded)
        findings.warn(file, key, column, sentence)
    return int(whole)
