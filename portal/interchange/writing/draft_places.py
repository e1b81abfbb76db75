"""Drafts of where and what is taught: orgs, academic sessions, courses, classes."""

import datetime as dt

from portal.errors import Sentence, say
from portal.interchange.oneroster import Bundle, records
from portal.interchange.writing.codes import candidates
from portal.interchange.writing.drafts import Branch, Class, Drafts, Program, Term
from portal.interchange.writing.findings import Findings

_DAY = dt.timedelta(days=1)


def draft(bundle: Bundle, drafts: Drafts, findings: Findings, notes: list[Sentence]) -> None:
    """Branches, terms, programs and classes, a term after the one it is a part of."""
    drafts.branches = _branches(bundle, findings, notes)
    drafts.terms = _terms(bundle, findings)
    drafts.programs = [_program(course, findings) for course in bundle.courses]
    stored = {term.key for term in drafts.terms}
    sessions = {session.source_id: session for session in bundle.sessions}
    drafts.classes = [_class(each, sessions, stored, findings) for each in bundle.classes]
    if any(len(each.terms) > 1 for each in bundle.classes):
        notes.append(say("classes.csv: a class stands in its first term; further terms only lengthen it."))


def last_day(end: dt.date) -> dt.date:
    """The standard's end is the first day after; ours is the last day."""
    return end - _DAY if end > dt.date.min else end


def _branches(bundle: Bundle, findings: Findings, notes: list[Sentence]) -> list[Branch]:
    used = {each.school for each in bundle.classes} | {role.org for role in bundle.roles}
    used |= {user.primary_org for user in bundle.users if user.primary_org}
    unused = sum(org.source_id not in used for org in bundle.orgs)
    if unused:
        notes.append(
            say("orgs.csv: {count} are not stored, because no class, person or role names them.", count=unused)
        )
    return [
        Branch(
            org.source_id,
            candidates(findings, "orgs", org.source_id, ("identifier", org.identifier)),
            findings.fit(org.name, 120, "orgs", org.source_id, "name"),
        )
        for org in bundle.orgs
        if org.source_id in used
    ]


def _terms(bundle: Bundle, findings: Findings) -> list[Term]:
    sessions = {session.source_id: session for session in bundle.sessions}
    ranked = []
    for session in bundle.sessions:
        if not session.type:
            sentence = say("A session of a kind of the sender's own has no counterpart here and is not stored.")
            findings.warn("academicSessions", session.source_id, "type", sentence)
            continue
        above = _above(session, sessions)
        parent = next((each.source_id for each in above if each.type), None)
        name = findings.fit(session.title, 120, "academicSessions", session.source_id, "title")
        term = Term(
            session.source_id,
            name,
            session.type,
            session.start,
            last_day(session.end),
            session.school_year,
            parent,
        )
        ranked.append((len(above), term))
    return [term for _, term in sorted(ranked, key=lambda pair: pair[0])]


def _above(session: records.Session, sessions: dict[str, records.Session]) -> list[records.Session]:
    """The sessions that this one is a part of, the nearest first; the reader has refused circles."""
    above = []
    while session.parent and session.parent in sessions:
        session = sessions[session.parent]
        above.append(session)
    return above


def _program(course: records.Course, findings: Findings) -> Program:
    key = course.source_id
    return Program(
        key,
        candidates(findings, "courses", key, ("courseCode", course.code)),
        findings.fit(course.title, 200, "courses", key, "title"),
        course.title[:80].rstrip(),
    )


def _class(each: records.Class, sessions: dict[str, records.Session], stored: set[str], findings: Findings) -> Class:
    key = each.source_id
    terms = [sessions[name] for name in each.terms if name in sessions]
    return Class(
        key,
        branch=each.school,
        program=each.course,
        term=next((name for name in each.terms if name in stored), None),
        codes=candidates(findings, "classes", key, ("classCode", each.code)),
        name=findings.fit(each.title, 200, "classes", key, "title"),
        starts_on=min((term.start for term in terms), default=None),
        ends_on=last_day(max(term.end for term in terms)) if terms else None,
        room=findings.fit(each.location, 80, "classes", key, "location"),
    )
