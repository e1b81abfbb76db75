"""What is planted is found: otherwise all the tests beside this one could pass for nothing."""

import pytest
from playwright.sync_api import Page

from tests.browser.desk import Desk
from tests.browser.markup import faults
from tests.browser.measures import axe, measured

STYLE = "<style>body { margin: 0; font: 16px sans-serif } .w { width: 100px }</style>"


@pytest.fixture
def page(desk: Desk) -> Page:
    """A blank sheet of 390 px."""
    return desk.fresh()


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        ("<p>" + "Nghiêng" * 20 + "</p>", "px wide in 390"),
        ("<p class=w style='overflow: hidden; white-space: nowrap'>one two three four five</p>", "of its width"),
        ("<p class=w style='overflow: hidden; height: 20px'>one two three four five six</p>", "of its height"),
        ("<div class=w><b style='white-space: nowrap'>one two three four five</b></div>", "sticks out of <div"),
        ("<p>one two</p><p style='margin-top: -34px'>three four</p>", "lie on each other"),
        ("<p style='position: absolute; left: -30px'>one two</p>", "outside the page"),
        ("<p style='width: 40px; overflow-wrap: anywhere'>Homework</p>", "broken in the middle"),
        ("<input class=w placeholder='Name, phone, email or code'>", "px in a input of"),
    ],
)
def test_what_cannot_be_read_is_found(page: Page, planted: str, sentence: str):
    page.set_content(f"<!doctype html>{STYLE}{planted}")
    assert sentence in "\n".join(measured(page, "clipped"))


def test_what_can_be_read_is_left_alone(page: Page):
    page.set_content(
        f"<!doctype html>{STYLE}<h1>Nguyễn Thị Lan</h1><p>One two three.</p><input><select><option>One</select>"
        "<p style='overflow-wrap: anywhere'>" + "Nghiêng" * 20 + "</p>"
    )
    assert measured(page, "clipped") == []


def test_what_a_thumb_cannot_hit_is_found(page: Page):
    big = "style='display: inline-block; width: 60px; height: 44px'"
    page.set_content(
        f"<!doctype html><button>a</button><button {big}>b</button><nav><a href='/x'>c</a></nav>"
        f"<p>A sentence with <a href='/y'>a link</a> in it.</p><p><a href='/z'>alone</a></p><input name=d>"
    )
    found = "\n".join(measured(page, "small"))
    assert [line.split()[1] for line in found.splitlines()] == ['"a"', '"c"', '"alone"', '"d"']


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        ("<p id=x></p><p id=x></p>", "the id x is there twice"),
        ("<h1>two</h1>", "there are 2 h1"),
        ("<h2>a</h2><h4>b</h4>", "follows h2"),
        ("<img src='data:,'>", "no alternative text"),
        ("<svg></svg>", "neither labelled nor hidden"),
        ("<p aria-describedby=nothing>a</p>", "names nothing"),
        ("<a href='#nothing'>a</a>", "leads nowhere"),
        ("<input name=a>", "no label"),
        ("<button></button>", "a button without a name"),
        ("<p style='color: red'>a</p>", "a style of its own"),
        ("<p>Born None</p>", "left over"),
    ],
)
def test_what_is_wrong_with_a_document_is_found(page: Page, planted: str, sentence: str):
    page.set_content(f"<!doctype html><title>A · B</title><main><h1>One</h1>{planted}</main>")
    assert sentence in "\n".join(measured(page, "markup"))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("<div><p>a</div>", "</div> while p is open"),
        ("<p><div></div></p>", "<div> in <p>"),
        ("<ul><p></p></ul>", "<p> in <ul>"),
        ("<div/>", "closes nothing"),
        ("<p a=1 a=2></p>", "says a twice"),
        ("<main>", "never closed: main"),
        ("</br>", "cannot be open"),
    ],
)
def test_a_source_that_is_not_sound_is_found(source: str, sentence: str):
    assert sentence in "\n".join(faults(source))


def test_axe_and_the_contrast_it_cannot_tell_are_found(page: Page):
    grey = "color: #aaa; background: #fff linear-gradient(#fff, #fff)"
    page.set_content(f"<!doctype html><html lang=en><title>A</title><main><h1>A</h1><p style='{grey}'>pale</p><img>")
    found = "\n".join(axe(page))
    assert 'contrast 2.32 of 4.5: "pale"' in found
    assert "image-alt" in found


def test_a_complaint_of_the_console_is_found(desk: Desk, page: Page):
    page.goto(desk.address("/sign-in"))
    page.evaluate("() => { document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">a</p>'); }")
    page.evaluate("() => { console.error('a planted complaint'); }")
    page.wait_for_function("() => true")
    told = "\n".join(desk.troubles)
    assert "blocked by the policy: style-src-attr" in told
    assert "a planted complaint" in told
    desk.troubles.clear()
