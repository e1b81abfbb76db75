"""The arithmetic behind a mark, exact and explained."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Share:
    """What one category adds: the mean of its marks (a part of 1), its weight, its weight among those with marks."""

    name: str
    marks: int
    mean: Fraction
    weight: int
    part: Fraction

    @property
    def adds(self) -> Fraction:
        return self.mean * self.part


@dataclass(frozen=True, slots=True)
class Average:
    """The average of a class as a part of 1, and the shares that make it."""

    value: Fraction
    shares: Sequence[Share]


def average(categories: Iterable[tuple[str, int, Sequence[tuple[int, int]]]]) -> Average | None:
    """The weighted average of categories given as name, weight, and their marks as (points, most points).

    A category without marks takes no part, and the others share its weight by theirs; where no category with marks
    has a weight they count alike. None when there is no mark at all.
    """
    marked = [(name, weight, marks) for name, weight, marks in categories if marks]
    if not marked:
        return None
    total = sum(weight for _, weight, _ in marked)
    shares = []
    adds = []
    for name, weight, marks in marked:
        sums: Counter[int] = Counter()  # by what they are out of, which is mostly one number
        for points, most in marks:
            sums[most] += points
        mean = _sum((points, most * len(marks)) for most, points in sums.items())
        part = Fraction(weight, total) if total else Fraction(1, len(marked))
        shares.append(Share(name, len(marks), mean, weight, part))
        adds.append((mean.numerator * part.numerator, mean.denominator * part.denominator))
    return Average(_sum(adds), shares)


def _sum(fractions: Iterable[tuple[int, int]]) -> Fraction:
    """The sum of fractions given as two whole numbers, reduced once: adding Fractions reduces after each."""
    top, under = 0, 1
    for one_top, one_under in fractions:
        top, under = top * one_under + one_top * under, under * one_under
    return Fraction(top, under)


def rounded(part: Fraction, places: int = 3) -> Decimal:
    """A part of 1 as a decimal, halves up: what a person would write on paper."""
    exact = Decimal(part.numerator) / Decimal(part.denominator)
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
