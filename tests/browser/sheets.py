"""Spreadsheets that were sent: with mistakes, with people who look known, and one in order."""

import csv
import io

from tests.browser.desk import Desk
from tests.browser.visits import Visit

STUDENTS = [
    ("DANH SÁCH HỌC VIÊN NĂM HỌC 2026-2027", "", "", "", "", "", "", ""),
    ("STT", "Họ và tên", "Ngày sinh", "Giới tính", "Họ tên phụ huynh", "Quan hệ", "SĐT phụ huynh", "Email phụ huynh"),
    ("1", "Nguyễn Gia Hân", "5/9/2016", "Nữ", "Nguyễn Văn Khoa", "Bố", "905111222", "khoa@example.org"),
    ("2", "Trần Bảo Ngọc", "14/02/2015", "Nữ", "Phạm Thị Thuỷ", "Mẹ", "0905 111 333", "thuy@example.org"),
    ("3", "Lê Hùng", "31/02/2015", "?", "Lê Văn Dũng", "Bố", "0905", "dung@example"),
    ("4", "Vũ Minh Anh", "1/7/2014", "Nam", "", "", "", ""),
    ("5", "Trần Bảo Ngọc", "14/02/2015", "Nữ", "Phạm Thị Thuỷ", "Mẹ", "0905 111 333", "thuy@example.org"),
]
STAFF = [
    ("Mã NV", "Họ và tên", "Điện thoại", "Email", "Chức vụ"),
    ("", "Đặng Thị Kim Oanh", "0905 222 333", "oanh@example.org", "Lễ tân"),
]


def send(desk: Desk) -> None:
    """Send the sheets as people do; the numbers of sheets and runs into the house's ids."""
    for who, kind, rows, sheet, run in (
        ("admin", "students", STUDENTS, "sheet", "run_people"),
        ("mai", "staff", STAFF, "sheet_staff", "run_staff"),
    ):
        page = desk.fresh(who)
        desk.go(page, Visit(who, "/staff/imports/people"))
        page.locator(f"[name=kind][value={kind}]").check()
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";").writerows(rows)
        page.locator("[name=file]").set_input_files(
            {"name": "Danh sách.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode("utf-8-sig")}
        )
        desk.send(page, "/staff/imports/people", {})
        desk.house.ids[sheet] = page.url.rpartition("/")[2]
        desk.send(page, f"/staff/imports/people/{desk.house.ids[sheet]}", {})
        desk.house.ids[run] = page.url.rpartition("/")[2]
        page.locator("job-progress[data-done]").wait_for()
