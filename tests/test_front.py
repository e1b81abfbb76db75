"""What every answer carries, also the unhappy ones."""

import pytest
from starlette.requests import Request
from starlette.routing import Route

from portal import db
from portal.web.guard import PUBLIC, guard
from tests.cast import app, browser_of, gather, said, visitor

HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "x-request-id")


@guard(PUBLIC)
async def break_down(request: Request):
    raise request.app.state.fault


@pytest.fixture
async def breaking(database):
    """The application with an address that breaks as it is told to."""
    await gather()
    front = app()
    route = Route("/break", break_down)
    front.router.routes.append(route)
    yield front
    front.router.routes.remove(route)


async def test_our_own_fault_has_its_headers_its_number_and_its_page(breaking, caplog):
    breaking.state.fault = RuntimeError("a secret detail")
    async with visitor() as client:
        answer = await client.get("/break")
    assert answer.status_code == 500
    assert all(name in answer.headers for name in HEADERS)
    assert answer.headers["x-request-id"] in said(answer)
    assert "a secret detail" not in answer.text
    assert any(record.exc_info for record in caplog.records)


async def test_a_lost_race_is_a_sentence(breaking):
    breaking.state.fault = db.IntegrityError("UNIQUE constraint failed: account.email")
    async with visitor() as client:
        answer = await client.get("/break")
    assert answer.status_code == 409
    assert "account.email" not in answer.text


async def test_a_database_that_another_program_holds_is_a_moment_to_wait(breaking):
    breaking.state.fault = db.OperationalError("database is locked")
    async with visitor() as client:
        answer = await client.get("/break")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


async def test_another_trouble_of_the_database_is_our_fault(breaking):
    breaking.state.fault = db.OperationalError("no such table: pupil")
    async with visitor() as client:
        answer = await client.get("/break")
    assert answer.status_code == 500
    assert "pupil" not in answer.text


@pytest.mark.parametrize("path", ["/", "/nope", "/sign-in", "/home", "/healthz", "/static/nothing.js"])
async def test_every_answer_has_the_headers(database, path):
    await gather()
    async with visitor() as client:
        answer = await client.get(path)
    assert all(name in answer.headers for name in HEADERS)
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


async def test_a_body_that_is_too_large_gets_a_page(database):
    cast = await gather()
    async with await browser_of(cast.son) as client:
        for path, size in (("/sign-in", 300_000), ("/profile/password", 10_000_000)):
            answer = await client.post(
                path, content=b"x" * size, headers={"Content-Type": "application/x-www-form-urlencoded"}
            )
            assert answer.status_code == 413
            assert "more than the limit" in said(answer)
            assert all(name in answer.headers for name in HEADERS)


async def test_an_upload_may_be_larger_than_a_form(database, tmp_path):
    from portal import files

    files.configure(tmp_path)
    cast = await gather()
    async with await browser_of(cast.son) as client:
        answer = await client.post("/staff/imports", files={"file": ("a.zip", b"PK\x03\x04" + b"x" * 400_000)})
    assert answer.status_code == 303


async def test_no_redirect_believes_the_host_header(database):
    await gather()
    async with visitor(Host="evil.example") as client:
        for path in ("/home/", "/sign-in/", "/home"):
            answer = await client.get(path)
            assert "evil.example" not in answer.headers.get("location", "")


async def test_the_sheet_and_the_scripts_are_kept_for_a_year_and_packed(database):
    await gather()
    async with visitor() as client:
        page = (await client.get("/sign-in")).text
        sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
        answer = await client.get(sheet, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
