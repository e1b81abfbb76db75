"""The people of the demo who sign in. Tests, pages and screenshots know them by these addresses."""

from typing import NamedTuple

from portal.commands.demo_centre.names import FEMALE, MALE, Name

PASSWORD = "schoolyard"  # everybody may know it: it opens a server that only this machine reaches


class Star(NamedTuple):
    """One of the named cast: who signs in, what the sign-in list says of them, and the role given by hand."""

    login: str
    words: str
    name: Name
    sex: str
    age: int
    role: str = ""
    everywhere: bool = False
    position: str = ""


LAN = Star("lan@example.com", "mother of Minh and Chi", Name("Nguyễn", "Thị", "Lan"), FEMALE, 41)
MINH = Star("minh@example.com", "student", Name("Trần", "Nhật", "Minh"), MALE, 13)
AN = Star("an@example.com", "father of Bảo, another family", Name("Lê", "Văn", "An"), MALE, 39)
HOA = Star("hoa@example.com", "teacher", Name("Phạm", "Quỳnh", "Hoa"), FEMALE, 32, "teacher")

# They have no account of their own.
FATHER = Star("", "", Name("Trần", "Quốc", "Hải"), MALE, 44)
CHI = Star("", "", Name("Trần", "Mai", "Chi"), FEMALE, 9)
BAO = Star("", "", Name("Lê", "Gia", "Bảo"), MALE, 10)


def _at_work(role: str, words: str, name: Name, sex: str, age: int, position: str, login: str = "") -> Star:
    everywhere = role in ("director", "administrator")
    return Star(f"{login or role}@example.com", words, name, sex, age, role, everywhere, position)


STAFF = (
    _at_work("counsellor", "counsellor", Name("Vũ", "Minh", "Đức"), MALE, 29, "Tư vấn viên", "duc"),
    _at_work("care", "customer care", Name("Bùi", "Thu", "Hà"), FEMALE, 27, "Chăm sóc khách hàng"),
    _at_work("accountant", "accountant", Name("Đặng", "Ngọc", "Ánh"), FEMALE, 36, "Kế toán", "accounts"),
    _at_work("marketing", "marketing", Name("Hồ", "Thanh", "Vy"), FEMALE, 26, "Marketing"),
    _at_work("manager", "branch manager", Name("Hoàng", "Thị", "Mai"), FEMALE, 43, "Quản lý chi nhánh", "mai"),
    _at_work("director", "director", Name("Đinh", "Quang", "Vinh"), MALE, 52, "Giám đốc"),
    _at_work("administrator", "administrator", Name("Ngô", "Anh", "Tú"), MALE, 34, "Quản trị hệ thống", "admin"),
)

SIGN_INS = (LAN, MINH, AN, HOA, *STAFF)

# What the other branches have: invited, but never signed in.
COLLEAGUES = (("counsellor", "Tư vấn viên"), ("care", "Chăm sóc khách hàng"), ("manager", "Quản lý chi nhánh"))
