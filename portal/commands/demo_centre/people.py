"""Who is at the demo centre: staff and teachers, families with their children, grown learners."""

import datetime as dt
import random
from collections.abc import Sequence

from portal.commands.demo_centre import cast, names, places
from portal.commands.demo_centre.cast import Star
from portal.commands.demo_centre.classes import CHIS, MINHS, RUNNING, Course
from portal.commands.demo_centre.names import FEMALE, MALE, Name
from portal.commands.demo_centre.places import SITES
from portal.commands.demo_centre.registry import Facts, Learner, Registry
from portal.commands.demo_centre.rows import shares

GROWN = 18
_YEAR = dt.timedelta(days=365)
_MINHS_HOME = "45/12 Nguyễn Thị Minh Khai, phường Tân Định, Thành phố Hồ Chí Minh"
_BAOS_HOME = "8 Phan Bội Châu, phường Bến Thành, Thành phố Hồ Chí Minh"


def staff(registry: Registry, teacher_sites: Sequence[int]) -> list[int]:
    """The centre's staff and teachers with their accounts; the teachers as persons, by number."""
    dice = registry.dice
    counsellors: dict[int, int] = {}
    for star in cast.STAFF:
        account = _employ(registry, star, 0)
        if star.role == "counsellor":
            counsellors[0] = account
    for site in range(1, len(SITES)):
        for role, position in cast.COLLEAGUES:
            sex, name = _grown_up(dice)
            account = _employ(registry, Star("", name, sex, dice.randint(24, 45), role, position), site)
            counsellors.setdefault(site, account)
    teachers = []
    for number, site in enumerate(teacher_sites):
        sex, name = _grown_up(dice)
        other = cast.HOA._replace(login="", name=name, sex=sex, age=dice.randint(24, 50))
        teachers.append(_teacher(registry, cast.HOA if number == 0 else other, number, site))
    registry.counsellors = [counsellors[site] for site in range(len(SITES))]
    return teachers


def learners(registry: Registry, courses: Sequence[Course], count: int) -> None:
    """`count` learners, each in a running class; brothers and sisters share a household."""
    _the_cast(registry, courses)
    running = [course for course in courses if course.state == RUNNING]
    weights = [course.program.capacity * registry.dice.uniform(0.8, 1.05) for course in running]
    wanted = [
        max(share - len(course.members), 0) for course, share in zip(running, shares(count, weights), strict=True)
    ]
    seats = [course for course, number in zip(running, wanted, strict=True) for _ in range(number)]
    registry.dice.shuffle(seats)
    seats = (seats + running * 3)[: count - len(registry.learners)]
    for site in range(len(SITES)):
        _fill(registry, [course for course in seats if course.site == site], site)


def _employ(registry: Registry, star: Star, site: int) -> int:
    facts = _worker(registry, star, site)
    code = f"NV{registry.draft.next_id('staff_member'):03}"
    login = star.login or registry.new_email(star.name)
    person = registry.adult(facts, email=login, codes=(code,))
    registry.draft.add("staff_member", person_id=person, code=code, position=star.position, left_on=None)
    for where in range(len(SITES)) if star.everywhere else (site,):
        registry.draft.add("works_at", person_id=person, branch_id=where + 1)
    return registry.account(person, star, facts, login=login)


def _teacher(registry: Registry, star: Star, number: int, site: int) -> int:
    facts = _worker(registry, star, site)
    code = f"GV{number + 1:03}"
    login = star.login or registry.new_email(star.name)
    person = registry.adult(facts, email=login, codes=(code,))
    registry.draft.add("teacher", person_id=person, code=code, left_on=None)
    registry.draft.add("works_at", person_id=person, branch_id=site + 1)
    registry.account(person, star, facts, login=login)
    return person


def _worker(registry: Registry, star: Star, site: int) -> Facts:
    since = registry.draft.today - _YEAR * registry.dice.uniform(1, 6)
    return Facts(star.name, star.sex, star.age, site, places.address(registry.dice, SITES[site]), since)


def _grown_up(dice: random.Random) -> tuple[str, Name]:
    sex = dice.choices((FEMALE, MALE), (65, 35))[0]
    return sex, names.draw(dice, sex)


def _the_cast(registry: Registry, courses: Sequence[Course]) -> None:
    """Lan with Minh and Chi; An with Bảo."""
    since = courses[MINHS].starts_on - dt.timedelta(days=300)
    minh = _child(registry, cast.MINH, courses[MINHS], _MINHS_HOME, since, ability=7.9)
    chi = _child(registry, cast.CHI, courses[CHIS], _MINHS_HOME, since, ability=8.7)
    household = registry.household(0, since)
    _parent(registry, cast.LAN, "mother", [minh, chi], household, _MINHS_HOME, since)
    _parent(registry, cast.FATHER, "father", [minh, chi], household, _MINHS_HOME, since)
    since = courses[CHIS].starts_on - dt.timedelta(days=21)
    bao = _child(registry, cast.BAO, courses[CHIS], _BAOS_HOME, since, ability=6.8)
    _parent(registry, cast.AN, "father", [bao], registry.household(0, since), _BAOS_HOME, since)


def _child(registry: Registry, star: Star, course: Course, home: str, since: dt.date, *, ability: float) -> Learner:
    facts = Facts(star.name, star.sex, star.age, 0, home, since)
    learner = registry.student(facts, course, email=star.login)
    learner.ability = ability
    if star.login:
        registry.account(registry.person_of(learner), star, facts, login=star.login)
    return learner


def _parent(
    registry: Registry,
    star: Star,
    relation: str,
    children: Sequence[Learner],
    household: int,
    home: str,
    since: dt.date,
) -> None:
    facts = Facts(star.name, star.sex, star.age, 0, home, since)
    person = registry.adult(facts, email=star.login or None)
    for learner in children:
        registry.guardian(person, learner, household, relation, since)
    if star.login:
        registry.account(person, star, facts, login=star.login)


def _fill(registry: Registry, seats: list[Course], site: int) -> None:
    while seats:
        course = seats.pop()
        age = _age(registry.dice, course)
        if age >= GROWN:
            _alone(registry, course, age)
        else:
            _family(registry, [(course, age), *_siblings(registry.dice, seats, age)], site)


def _alone(registry: Registry, course: Course, age: int) -> None:
    """A grown learner, who answers for themselves."""
    dice = registry.dice
    sex = dice.choice((FEMALE, MALE))
    name = names.draw(dice, sex, grown=age > 30)
    since = course.starts_on - dt.timedelta(days=dice.randint(2, 30))
    facts = Facts(name, sex, age, course.site, places.address(dice, SITES[course.site]), since)
    email = registry.new_email(name) if dice.random() < 0.95 else ""
    registry.student(facts, course, email=email, phone=registry.new_phone())


def _siblings(dice: random.Random, seats: list[Course], age: int) -> list[tuple[Course, int]]:
    """Children of the same family among the seats still to fill: at least two years apart, all minors."""
    wanted = dice.choices((0, 1, 2), (72, 24, 4))[0]
    found: list[tuple[Course, int]] = []
    for place in range(len(seats) - 1, max(len(seats) - 40, -1), -1):
        if len(found) == wanted:
            break
        other = _age(dice, seats[place])
        apart = all(abs(other - known) >= 2 for known in (age, *(known for _, known in found)))
        if other < GROWN and apart:
            found.append((seats.pop(place), other))
    return found


def _family(registry: Registry, children: list[tuple[Course, int]], site: int) -> None:
    dice = registry.dice
    home = places.address(dice, SITES[site])
    eldest = max(age for _, age in children)
    mother, father = (names.draw(dice, sex, grown=eldest > 8) for sex in (FEMALE, MALE))
    since = min(course.starts_on for course, _ in children) - dt.timedelta(days=dice.randint(3, 40))
    students = []
    for course, age in children:
        sex = dice.choice((FEMALE, MALE))
        name = names.draw(dice, sex, family=father.family)
        students.append(registry.student(Facts(name, sex, age, site, home, since), course))
    kind = dice.choices(("both", "mother", "father", "apart"), (60, 24, 8, 8))[0]
    household = registry.household(site, since)
    if kind != "father":
        facts = Facts(mother, FEMALE, eldest + dice.randint(24, 36), site, home, since)
        _link(registry, facts, "mother", students, household)
    if kind == "apart":  # parents who separated: a household each, and not always sight for both
        household = registry.household(site, since)
        home = places.address(dice, SITES[site])
    if kind != "mother":
        facts = Facts(father, MALE, eldest + dice.randint(26, 40), site, home, since)
        _link(registry, facts, "father", students, household, may_see=kind != "apart" or dice.random() < 0.6)


def _link(
    registry: Registry,
    facts: Facts,
    relation: str,
    students: Sequence[Learner],
    household: int,
    *,
    may_see: bool = True,
) -> None:
    person = registry.adult(facts)
    for learner in students:
        registry.guardian(person, learner, household, relation, facts.since, may_see=may_see)


def _age(dice: random.Random, course: Course) -> int:
    """An age fit for the class, the younger ones likelier."""
    level = course.step.what
    return min(dice.randint(level.youngest, level.oldest), dice.randint(level.youngest, level.oldest))
