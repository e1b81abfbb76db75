"""The people of the demo who sign in: who they are. `portal.access.showing` says it to visitors."""

from typing import NamedTuple

from portal.commands.demo_centre.names import FEMALE, MALE, Name


class Star(NamedTuple):
    """One of the named cast; without a login, one of their family or a colleague."""

    login: str
    name: Name
    sex: str
    age: int
    role: str = ""
    position: str = ""
    everywhere: bool = False


LAN = Star("lan@example.com", Name("Nguyễn", "Thị", "Lan"), FEMALE, 41)
MINH = Star("minh@example.com", Name("Trần", "Nhật", "Minh"), MALE, 13)
AN = Star("an@example.com", Name("Lê", "Văn", "An"), MALE, 39)
HOA = Star("hoa@example.com", Name("Phạm", "Quỳnh", "Hoa"), FEMALE, 32, "teacher")

FATHER = Star("", Name("Trần", "Quốc", "Hải"), MALE, 44)
CHI = Star("", Name("Trần", "Mai", "Chi"), FEMALE, 9)
BAO = Star("", Name("Lê", "Gia", "Bảo"), MALE, 10)

STAFF = (
    Star("duc@example.com", Name("Vũ", "Minh", "Đức"), MALE, 29, "counsellor", "Tư vấn viên"),
    Star("care@example.com", Name("Bùi", "Thu", "Hà"), FEMALE, 27, "care", "Chăm sóc khách hàng"),
    Star("accounts@example.com", Name("Đặng", "Ngọc", "Ánh"), FEMALE, 36, "accountant", "Kế toán"),
    Star("marketing@example.com", Name("Hồ", "Thanh", "Vy"), FEMALE, 26, "marketing", "Marketing"),
    Star("mai@example.com", Name("Hoàng", "Thị", "Mai"), FEMALE, 43, "manager", "Quản lý chi nhánh"),
    Star("director@example.com", Name("Đinh", "Quang", "Vinh"), MALE, 52, "director", "Giám đốc", True),
    Star("admin@example.com", Name("Ngô", "Anh", "Tú"), MALE, 34, "administrator", "Quản trị hệ thống", True),
)

SIGN_INS = (LAN, MINH, AN, HOA, *STAFF)

# What the other branches have: invited, but never signed in.
COLLEAGUES = (("counsellor", "Tư vấn viên"), ("care", "Chăm sóc khách hàng"), ("manager", "Quản lý chi nhánh"))
