"""Where the demo's people live and learn: real wards (of 2026) and common street names, invented doors."""

import random
from typing import NamedTuple


class Site(NamedTuple):
    """A branch of the demo centre and the wards around it."""

    code: str
    name: str
    address: str
    phone: str
    city: str
    wards: tuple[str, ...]


SITES = (
    Site(
        "BT",
        "Chi nhánh Bến Thành",
        "214 Lê Thánh Tôn, phường Bến Thành, Thành phố Hồ Chí Minh",
        "+842800000101",
        "Thành phố Hồ Chí Minh",
        (
            *("Bến Thành", "Sài Gòn", "Tân Định", "Cầu Ông Lãnh", "Bàn Cờ", "Xuân Hoà", "Nhiêu Lộc", "Khánh Hội"),
            *("Bình Thạnh", "Gia Định", "Phú Nhuận", "Cầu Kiệu", "Diên Hồng", "Vườn Lài", "An Khánh", "Hoà Hưng"),
        ),
    ),
    Site(
        "CG",
        "Chi nhánh Cầu Giấy",
        "98 Nguyễn Phong Sắc, phường Cầu Giấy, Thành phố Hà Nội",
        "+842400000102",
        "Thành phố Hà Nội",
        (
            *("Cầu Giấy", "Nghĩa Đô", "Yên Hoà", "Láng", "Giảng Võ", "Ngọc Hà", "Từ Liêm", "Xuân Đỉnh"),
            *("Tây Hồ", "Thanh Xuân", "Ô Chợ Dừa", "Phú Diễn"),
        ),
    ),
    Site(
        "HC",
        "Chi nhánh Hải Châu",
        "57 Lê Đình Dương, phường Hải Châu, Thành phố Đà Nẵng",
        "+842360000103",
        "Thành phố Đà Nẵng",
        (
            *("Hải Châu", "Hoà Cường", "Thanh Khê", "Sơn Trà", "An Hải", "Ngũ Hành Sơn", "Cẩm Lệ", "An Khê"),
            *("Hoà Xuân", "Liên Chiểu"),
        ),
    ),
)

_STREETS = (
    *("Trần Hưng Đạo", "Lê Lợi", "Nguyễn Trãi", "Hai Bà Trưng", "Lý Thường Kiệt", "Nguyễn Huệ", "Phan Chu Trinh"),
    *("Phan Bội Châu", "Quang Trung", "Lê Hồng Phong", "Hoàng Diệu", "Ngô Quyền", "Trần Phú", "Nguyễn Du"),
    *("Bà Triệu", "Đinh Tiên Hoàng", "Lê Duẩn", "Nguyễn Văn Cừ", "Trần Quốc Toản", "Võ Thị Sáu", "Lý Tự Trọng"),
    *("Nguyễn Thị Minh Khai", "Phạm Ngũ Lão", "Hùng Vương", "Nguyễn Công Trứ", "Tô Hiến Thành", "Lê Quý Đôn"),
)


def address(dice: random.Random, site: Site) -> str:
    """An invented door in a street near the branch."""
    number = str(dice.randint(2, 398))
    if dice.random() < 0.3:
        number += f"/{dice.randint(1, 60)}"
    return f"{number} {dice.choice(_STREETS)}, phường {dice.choice(site.wards)}, {site.city}"
