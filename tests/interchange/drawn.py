"""A school drawn at random that changes at random, and the bundles its system would send."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.interchange.builder import Rows, changes, csv_of, gone, manifest_of, zipped

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Vũ")
GIVEN = ("An", "Bình", "Chi", "Dũng", "Hà", "Khánh", "Linh", "Minh", "Ngọc", "Phúc")
STATES = ("fully graded", "partially graded", "not submitted", "exempt")


class School:
    """The rows of each file by sourcedId; `change` alters some of them as life does."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.made = 0
        self.files: dict[str, dict[str, dict[str, str]]] = {
            "orgs": {
                "O1": {"name": "Cầu Giấy", "type": "school", "identifier": "CG"},
                "O2": {"name": "Hà Đông", "type": "school", "identifier": "HD"},
            },
            "academicSessions": {
                "T1": _session("Autumn", "2026-09-01", "2027-01-01"),
                "T2": _session("Spring", "2027-01-01", "2027-06-01"),
            },
            **{name: {} for name in ("courses", "classes", "users", "roles", "enrollments", "demographics")},
            "categories": {"K1": {"title": "Tests", "weight": "2"}, "K2": {"title": "Homework"}},
            **{name: {} for name in ("lineItems", "results")},
        }
        for _ in range(2):
            self.course()
        for _ in range(3):
            self.class_()
        for _ in range(8):
            self.student()
        self.teacher()
        for _ in range(2):
            self.item()
        for _ in range(10):
            self.mark()

    def fresh(self, letter: str) -> str:
        self.made += 1
        return f"{letter}{self.made}"

    def any(self, file: str, **having: str) -> str | None:
        """The sourcedId of some row; None when there is none."""
        found = [key for key, row in self.files[file].items() if having.items() <= row.items()]
        return self.draw.choice(found) if found else None

    def add(self, file: str, letter: str, **cells: str) -> str:
        key = self.fresh(letter)
        self.files[file][key] = cells
        return key

    def course(self) -> None:
        org = self.draw.choice(("O1", "O2"))
        self.add("courses", "C", title=f"English {self.made}", courseCode=self.code(), orgSourcedId=org)

    def class_(self) -> None:
        self.add(
            "classes",
            "E",
            title=f"Class {self.made}",
            classCode=self.code(),
            courseSourcedId=self.any("courses") or "",
            classType="scheduled",
            schoolSourcedId=self.draw.choice(("O1", "O2")),
            termSourcedIds=self.draw.choice(("T1", "T2", "T1,T2")),
        )

    def code(self) -> str:
        """One of a few codes, so that they are given up, taken over and wanted twice."""
        return self.draw.choice(("", *(f"A{number}" for number in range(6))))

    def person(self, role: str, **cells: str) -> str:
        key = self.fresh("u")
        org = self.draw.choice(("O1", "O2"))
        self.files["users"][key] = {
            **{"enabledUser": "true", "username": key, "givenName": self.draw.choice(GIVEN)},
            **{"familyName": self.draw.choice(FAMILIES), "identifier": self.draw.choice(("", f"HS{self.made}"))},
            "email": self.draw.choice(("", f"{key}@example.com")),
            "sms": self.draw.choice(("", f"09{self.made:08d}")),
            **cells,
        }
        self.add("roles", "r", userSourcedId=key, roleType="primary", role=role, orgSourcedId=org)
        return key

    def student(self) -> None:
        parents = [self.person("parent") for _ in range(self.draw.randrange(3))]
        key = self.person("student", agentSourcedIds=",".join(parents))
        if self.draw.random() < 0.5:
            born = f"2014-{self.draw.randint(1, 12):02d}-11"
            self.files["demographics"][key] = {"birthDate": born, "sex": self.draw.choice(("", "female", "male"))}
        self.enrol(key)

    def enrol(self, student: str | None = None) -> None:
        student = student or self.learner()
        place = self.any("classes")
        if student is None or place is None:
            return
        there = {(row["classSourcedId"], row["userSourcedId"]) for row in self.files["enrollments"].values()}
        if (place, student) not in there:
            self._enrol(place, student, "student")

    def _enrol(self, place: str, user: str, role: str) -> None:
        school = self.files["classes"][place]["schoolSourcedId"]
        self.add(
            "enrollments",
            "n",
            **{"classSourcedId": place, "schoolSourcedId": school, "userSourcedId": user, "role": role},
            primary="true" if role == "teacher" and self.draw.random() < 0.5 else "",
            beginDate=self.draw.choice(("", "2026-09-01")) if role == "student" else "",
        )

    def learner(self) -> str | None:
        found = [row["userSourcedId"] for row in self.files["roles"].values() if row["role"] == "student"]
        return self.draw.choice(found) if found else None

    def teacher(self) -> None:
        key = self.person("teacher")
        place = self.any("classes")
        if place is not None:
            self._enrol(place, key, "teacher")

    def item(self) -> None:
        place = self.any("classes")
        if place is not None:
            self.add(
                "lineItems",
                "L",
                title=f"Test {self.made}",
                assignDate="2026-09-10",
                dueDate="2026-09-20",
                classSourcedId=place,
                categorySourcedId=self.draw.choice(("K1", "K2")),
                academicSessionSourcedId="T1",
                resultValueMax="10",
                schoolSourcedId=self.files["classes"][place]["schoolSourcedId"],
            )

    def mark(self) -> None:
        item = self.any("lineItems")
        if item is None:
            return
        place = self.files["lineItems"][item]["classSourcedId"]
        enrolled = self.any("enrollments", classSourcedId=place, role="student")
        if enrolled is None:
            return
        student = self.files["enrollments"][enrolled]["userSourcedId"]
        rows = self.files["results"].values()
        if not any((row["lineItemSourcedId"], row["studentSourcedId"]) == (item, student) for row in rows):
            score = str(self.draw.randint(0, 20) / 2)
            state = self.draw.choice(STATES)
            self.add(
                "results",
                "s",
                **{"lineItemSourcedId": item, "studentSourcedId": student, "scoreStatus": state, "score": score},
                **{"scoreDate": "2026-09-21", "comment": self.draw.choice(("", "Giỏi lắm"))},
            )

    def rename(self) -> None:
        if key := self.any("users"):
            self.files["users"][key] |= {
                "givenName": self.draw.choice(GIVEN),
                "email": f"{self.fresh('m')}@example.com",
            }

    def recode(self) -> None:
        file, column = self.draw.choice((("courses", "courseCode"), ("classes", "classCode"), ("users", "identifier")))
        if key := self.any(file):
            self.files[file][key][column] = self.code()

    def remark(self) -> None:
        if key := self.any("results"):
            self.files["results"][key] |= {"score": str(self.draw.randint(0, 20) / 2), "scoreStatus": "fully graded"}

    def move(self) -> None:
        if (key := self.any("classes")) and (org := self.draw.choice(("O1", "O2"))):
            self.files["classes"][key] |= {"schoolSourcedId": org, "termSourcedIds": self.draw.choice(("T1", "T2"))}
            for file in ("enrollments", "lineItems"):
                for row in self.files[file].values():
                    if row["classSourcedId"] == key:
                        row["schoolSourcedId"] = org

    def leave(self) -> None:
        """A student goes, with everything that names them."""
        if key := self.learner():
            self._without("users", lambda of, _: of == key)
            self._without("demographics", lambda of, _: of == key)
            self._without("roles", lambda _, row: row["userSourcedId"] == key)
            self._without("enrollments", lambda _, row: row["userSourcedId"] == key)
            self._without("results", lambda _, row: row["studentSourcedId"] == key)

    def unagent(self) -> None:
        """A child does not name somebody any more who answered for it."""
        children = [key for key, row in self.files["users"].items() if row.get("agentSourcedIds")]
        if children:
            row = self.files["users"][self.draw.choice(children)]
            row["agentSourcedIds"] = ",".join(row["agentSourcedIds"].split(",")[1:])

    def unteach(self) -> None:
        if key := self.any("enrollments", role="teacher"):
            del self.files["enrollments"][key]

    def unmark(self) -> None:
        if key := self.any("results"):
            del self.files["results"][key]

    def unenrol(self) -> None:
        if key := self.any("enrollments", role="student"):
            gone = self.files["enrollments"].pop(key)
            items = {
                of for of, row in self.files["lineItems"].items() if row["classSourcedId"] == gone["classSourcedId"]
            }
            self._without(
                "results",
                lambda _, row: row["studentSourcedId"] == gone["userSourcedId"] and row["lineItemSourcedId"] in items,
            )

    def _without(self, file: str, gone: Callable[[str, dict[str, str]], bool]) -> None:
        self.files[file] = {key: row for key, row in self.files[file].items() if not gone(key, row)}

    def change(self, most: int = 6) -> None:
        """Up to so many changes of any kind."""
        acts: tuple[Callable[[], Any], ...] = (
            *(self.course, self.class_, self.student, self.enrol, self.teacher, self.item, self.mark, self.rename),
            *(self.recode, self.remark, self.move, self.leave, self.unmark, self.unenrol, self.mark, self.remark),
            *(self.unagent, self.unteach),
        )
        for _ in range(self.draw.randint(1, most)):
            self.draw.choice(acts)()

    def rows(self, file: str) -> Rows:
        return [{"sourcedId": key, **row} for key, row in self.files[file].items()]

    def delta(self, before: Mapping[str, Mapping[str, Mapping[str, str]]], at: str) -> bytes:
        """What is otherwise than in `before`, as changes of the instant `at`."""
        files: dict[str, list[Mapping[str, str]]] = {}
        for file, rows in self.files.items():
            for key, row in rows.items():
                if before[file].get(key) != row:
                    files.setdefault(file, []).append({"sourcedId": key, "dateLastModified": at, **row})
            for key in before[file].keys() - rows.keys():
                files.setdefault(file, []).append(gone(key, dateLastModified=at))
        return changes(**files) if files else self.bulk()

    def bulk(self) -> bytes:
        """All of it as a bundle."""
        present = [name for name in self.files if self.files[name]]
        files = {f"{name}.csv": csv_of(name, self.rows(name)).encode() for name in present}
        return zipped({"manifest.csv": manifest_of("1.2", present).encode(), **files})


def _session(title: str, start: str, end: str) -> dict[str, str]:
    return {"title": title, "type": "term", "startDate": start, "endDate": end, "schoolYear": "2027"}
