"""A student's record: facts, classes, grades, guardians, what was done to it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock
from portal.errors import say
from portal.gradebook import grades
from portal.people import history, persons, students
from portal.privacy import readings
from portal.scope import Permission
from portal.timetable import classes
from portal.web.guard import guard
from portal.web.templating import page
from staff import words

ACTS = words.ACTS | {"guardian.not_told": say("Could not be told of another guardian: no email that works")}


@guard(Permission.SEE_PEOPLE, Permission.SEE_OWN_CLASSES)
async def student(request: Request) -> Response:
    """The record, each part as far as the reader's roles reach."""
    scope, student_id = request.state.scope, request.path_params["id"]
    today = clock.today(request.state.centre.time_zone)
    record = await students.find(scope, student_id)
    response = page(
        request,
        "students/student.html",
        student=record,
        person=record.person,
        classes=await classes.of_student(scope, student_id, today),
        grades=(await grades.of_student(scope, student_id, today)).classes,
        history=await history.of_student(scope, student_id),
        minor=persons.is_minor(record.person.birth_date, today),
        today=today,
        words=words,
        acts=ACTS,
    )
    readings.note(scope, "student", record.person.id)
    return response


routes = [Route("/staff/students/{id:id}", student)]
