"""The arithmetic of averages. The property tests catch, among others: a blank counted as zero, a weight of an empty
category kept in the sum, floats instead of fractions, halves rounded to even (each planted and seen to fail)."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.gradebook.averages import average, rounded
from tests.examples import many

marks = st.integers(1, 200_000).flatmap(lambda most: st.tuples(st.integers(0, most), st.just(most)))
categories = st.lists(
    st.tuples(st.text(min_size=1, max_size=8), st.integers(0, 100_000), st.lists(marks, max_size=6)), max_size=5
)


def test_a_mark_counts_by_its_category_and_its_weight():
    found = average([("Homework", 20, [(8000, 10000), (6000, 10000)]), ("Final", 80, [(9000, 10000)])])
    assert found.value == Fraction(7, 10) * Fraction(20, 100) + Fraction(9, 10) * Fraction(80, 100)


def test_a_blank_is_never_zero():
    assert average([("Homework", 20, []), ("Final", 80, [(9000, 10000)])]).value == Fraction(9, 10)


def test_no_mark_has_no_average():
    assert average([]) is None
    assert average([("Homework", 20, [])]) is None


def test_categories_without_weights_count_alike():
    assert average([("A", 0, [(1, 1)]), ("B", 0, [(0, 1), (0, 1), (0, 1)])]).value == Fraction(1, 2)


def test_halves_are_rounded_up_as_on_paper():
    assert rounded(Fraction(8245, 10000)) == Decimal("0.825")
    assert rounded(Fraction(8255, 10000)) == Decimal("0.826")


@many
@given(categories)
def test_an_average_lies_between_the_worst_and_the_best_mark(drawn):
    found = average(drawn)
    parts = [Fraction(points, most) for _, _, some in drawn for points, most in some]
    if not parts:
        assert found is None
    else:
        assert min(parts) <= found.value <= max(parts)


@many
@given(categories)
def test_the_shares_explain_the_average_to_the_last_digit(drawn):
    found = average(drawn)
    if found is not None:
        assert sum(share.part for share in found.shares) == 1
        assert sum(share.mean * share.part for share in found.shares) == found.value


@many
@given(categories, st.text(min_size=1, max_size=8), st.integers(0, 100_000))
def test_an_empty_category_changes_nothing(drawn, name, weight):
    before, after = average(drawn), average([*drawn, (name, weight, [])])
    assert (before and before.value) == (after and after.value)


@many
@given(st.lists(marks, min_size=1, max_size=8), st.integers(1, 1000))
def test_the_unit_of_a_weight_does_not_matter(some, unit):
    one = average([("A", 2 * unit, some), ("B", 3 * unit, [(1, 2)])])
    assert one.value == average([("A", 2, some), ("B", 3, [(1, 2)])]).value
