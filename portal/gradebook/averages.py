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
    for name, weight, marks in marked:
        # By what they are out of, which is mostly one number: adding fractions costs fifty times as much as whole ones.
        sums: Counter[int] = Counter()
        for points, most in marks:
            sums[most] += points
        mean = sum((Fraction(points, most) for most, points in sums.items()), Fraction()) / len(marks)
        part = Fraction(weight, total) if total else Fraction(1, len(marked))
        shares.append(Share(name, len(marks), mean, weight, part))
    return Average(sum((share.adds for share in shares), Fraction()), shares)


def rounded(part: Fraction, places: int = 3) -> Decimal:
    """A part of 1 as a decimal, halves up: what a person would write on paper."""
    exact = Decimal(part.numerator) / Decimal(part.denominator)
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
