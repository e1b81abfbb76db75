"""Vietnamese names, drawn by how often their words occur.

Words with a weight each, as facts from a public list of name parts (duyet/vietnamese-namedb, MIT): the common ones
only. Nobody real is in them; a whole name that exists is a coincidence.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

FEMALE, MALE = "female", "male"


class Name(NamedTuple):
    """A full name, as Vietnamese write it: family, middle, given."""

    family: str
    middle: str
    given: str


class _Weighted:
    """Words drawn by weight."""

    def __init__(self, table: str) -> None:
        pairs = [entry.rsplit(":", 1) for entry in table.split()]
        self._words = [word for word, _ in pairs]
        self._sums = list(accumulate(int(weight) for _, weight in pairs))

    def draw(self, dice: random.Random) -> str:
        return dice.choices(self._words, cum_weights=self._sums)[0]


_FAMILY = _Weighted(
    "Nguyễn:2746 Trần:850 Lê:790 Phạm:561 Võ:287 Huỳnh:258 Phan:232 Bùi:225 Hoàng:222 Vũ:195 Trương:179 Đỗ:176 "
    "Đặng:169 Hồ:146 Ngô:132 Dương:110 Đoàn:103 Đinh:90 Trịnh:84 Cao:82 Đào:72 Mai:72 Lương:61 Lưu:57 Lâm:55 Hà:42 "
    "Thái:38 Phùng:37 Tạ:33 Lý:32 Tô:24 Vương:24 Châu:22 Chu:17 Quách:17 Tống:14"
)
# Thị and Văn go out of fashion: they are drawn for the parents (below), seldom for the children.
_MIDDLE = {
    FEMALE: _Weighted(
        "Ngọc:297 Thanh:279 Minh:225 Hoàng:163 Thị:130 Xuân:104 Hồng:91 Anh:82 Kim:80 Phương:79 Thu:60 Hải:49 "
        "Bảo:55 Khánh:53 Hoài:35 Gia:40 Thiên:32 Nhật:30 Như:30 Quỳnh:28 Mỹ:25 Diệu:20 Hà:19 Thùy:18 Bích:18 Thúy:16 "
        "Tuyết:13 Yến:13 Thảo:12 Cẩm:11"
    ),
    MALE: _Weighted(
        "Minh:340 Quốc:277 Hoàng:275 Đức:257 Quang:249 Hữu:204 Thành:198 Đình:191 Duy:176 Trung:168 Thanh:160 "
        "Tuấn:153 Anh:134 Văn:130 Ngọc:132 Công:131 Gia:120 Trọng:126 Thế:118 Tiến:107 Xuân:93 Bảo:90 Mạnh:81 Đăng:75 "
        "Nhật:75 Huy:72 Chí:62 Việt:59 Trường:59 Phước:46 Nguyên:42 Khắc:42 Phúc:37 Hải:34 Phú:34 Khánh:30 Thiện:27"
    ),
}
_OLD_MIDDLE = {FEMALE: ("Thị", 0.45), MALE: ("Văn", 0.35)}
_GIVEN = {
    FEMALE: _Weighted(
        "Anh:158 Linh:121 Phương:98 Trang:92 Nhi:86 Thảo:76 Ngọc:70 Thanh:60 Hà:58 Mai:56 Hương:45 Vân:43 Lan:40 "
        "Ngân:41 Hiền:37 Hạnh:34 Dung:39 Quỳnh:51 Giang:36 Yến:35 Nga:39 Châu:31 Huyền:38 Vy:48 Hằng:30 My:36 Thư:44 "
        "Uyên:32 Chi:35 Tâm:31 Trâm:32 Tiên:27 Khánh:25 Quyên:20 Minh:30 Loan:25 Như:31 Hân:37 Thủy:24 Duyên:21 "
        "Khanh:21 Liên:17 Thương:22 Trinh:18 Ánh:16 Hoa:16 Phượng:12 Nguyệt:10 Thúy:18 Ly:12 Đan:12 Trúc:17 An:26"
    ),
    MALE: _Weighted(
        "Huy:189 Tuấn:175 Duy:149 Hoàng:137 Nam:137 Dũng:122 Đạt:119 Cường:117 Hùng:115 Tùng:114 Sơn:113 Hiếu:108 "
        "Long:104 Thành:103 Hải:102 Trung:100 Minh:125 Đức:94 Tiến:92 Thắng:88 Thịnh:86 Khoa:95 Vũ:81 Vinh:78 Anh:77 "
        "Hưng:76 Nguyên:85 Tài:74 Trí:73 Toàn:69 Phúc:78 Quang:66 Nghĩa:66 Phong:75 Việt:61 Nhân:59 Bảo:78 Khánh:56 "
        "Tân:56 An:65 Thái:53 Phú:53 Tín:52 Phát:51 Lộc:50 Quân:59 Thiện:48 Bình:46 Khang:60 Kiên:37 Nhật:41 Khôi:50 "
        "Lâm:36 Đăng:36 Kiệt:33 Mạnh:39"
    ),
}


def draw(dice: random.Random, sex: str, *, family: str = "", grown: bool = False) -> Name:
    """A name; `family` for a child of it, `grown` for the generation of Thị and Văn."""
    word, share = _OLD_MIDDLE[sex]
    given = _GIVEN[sex].draw(dice)
    middle = word if grown and dice.random() < share else _other(_MIDDLE[sex], given, dice)
    return Name(family or _FAMILY.draw(dice), middle, given)


def family(dice: random.Random) -> str:
    """A family name alone."""
    return _FAMILY.draw(dice)


def phones() -> Iterator[str]:
    """Numbers under 0500, a code that no operator has: they can be typed and stored, and ring nowhere."""
    return (f"+84500{number:06}" for number in range(1, 1_000_000))


def _other(words: _Weighted, than: str, dice: random.Random) -> str:
    word = words.draw(dice)
    while word == than:
        word = words.draw(dice)
    return word
