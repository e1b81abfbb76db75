"""The box that a bundle comes in."""

import io
import struct
import zipfile
from pathlib import Path

from portal.interchange import oneroster
from tests.interchange.builder import accepted, bundle, refused, unzipped, warned, zipped


def test_a_good_bundle_is_read_without_a_word() -> None:
    reading = oneroster.read(bundle())
    assert reading.bundle
    assert reading.problems == []


def test_a_zip_may_be_given_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle())
    assert oneroster.read(path).bundle
    assert oneroster.read(str(path)).bundle


def test_a_folder_is_read_like_a_zip(tmp_path: Path) -> None:
    for name, content in unzipped(bundle()).items():
        (tmp_path / name).write_bytes(content)
    assert oneroster.read(tmp_path).bundle == accepted(bundle())


def test_a_path_that_leads_nowhere_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    reading = oneroster.read(tmp_path / "none.zip")
    assert [str(problem) for problem in reading.problems] == ["none.zip: This file cannot be opened."]


def test_what_is_no_zip_is_refused() -> None:
    for content in (b"", b"hello", b"PK\3\4 but no more", bundle()[:-30]):
        assert refused(content) == ["bundle: This is not a zip file, or it is damaged."]


def test_files_in_one_folder_are_read_with_a_word() -> None:
    inside = {f"export/{name}": content for name, content in unzipped(bundle()).items()}
    assert warned(zipped({**inside, "__MACOSX/export/._users.csv": b"\0", "export/.DS_Store": b"\0"})) == [
        'bundle: The files lie in the folder "export"; a bundle has them at its root.'
    ]


def test_files_in_several_folders_are_refused() -> None:
    files = unzipped(bundle())
    files["old/users.csv"] = files["users.csv"]
    assert "bundle: The files lie in several folders; a bundle has them all at its root." in refused(zipped(files))


def test_a_file_that_is_there_twice_is_refused() -> None:
    stream = io.BytesIO(bundle())
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("users.csv\\", b"")
        archive.filelist[-1].filename = "users.csv"
    assert refused(stream.getvalue()) == ["users.csv: This file is in the bundle twice."]


def test_a_name_in_other_letters_is_read_with_a_word() -> None:
    files = unzipped(bundle())
    files["Users.CSV"] = files.pop("users.csv")
    assert warned(zipped(files)) == ['Users.CSV: The name is read as "users.csv".']


def test_two_names_that_differ_in_their_letters_only_are_refused() -> None:
    files = unzipped(bundle())
    files["Users.csv"] = files["users.csv"]
    assert refused(zipped(files)) == ['Users.csv: "users.csv" is in the bundle beside it; only one can be meant.']
    files["USERS.csv"] = files.pop("users.csv")
    assert refused(zipped(files)) == ["USERS.csv: This file is in the bundle twice."]


def test_an_encrypted_file_is_refused() -> None:
    packed = bytearray(bundle())
    at = packed.rfind(b"PK\1\2")
    packed[at + 8] |= 1
    assert refused(bytes(packed)) == ["manifest.csv: This file is encrypted; the bundle must not have a password."]


def test_a_file_packed_by_a_method_that_unpacks_without_bounds_is_refused() -> None:
    stream = io.BytesIO(bundle())
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("scoreScales.csv", b"x" * 100)
    assert refused(stream.getvalue()) == ["scoreScales.csv: This file is packed by a method other than deflate."]


def test_a_zip_bomb_is_refused_by_its_ratio_before_it_is_unpacked() -> None:
    assert refused(bundle(results=b"0" * (4 << 20))) == [
        "results.csv: This file unpacks to more than 250 times its size."
    ]


def test_a_bundle_that_unpacks_to_too_much_is_refused() -> None:
    limits = oneroster.Limits(total=1_000)
    reading = oneroster.read(bundle(), limits=limits)
    assert [str(problem) for problem in reading.problems] == ["bundle: The bundle unpacks to more than 0 MB."]


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_bytes(b"x" * 2_000)
    reading = oneroster.read(tmp_path, limits=oneroster.Limits(total=1_000))
    assert "unpacks to more than" in str(reading.problems[0])
    (tmp_path / "orgs.csv").write_bytes(b"")
    reading = oneroster.read(tmp_path, limits=oneroster.Limits(entries=1))
    assert str(reading.problems[0].sentence) == "The bundle has more than 1 files."


def test_a_bundle_of_too_many_files_is_refused() -> None:
    files = unzipped(bundle()) | {f"{number}.txt": b"" for number in range(200)}
    assert refused(zipped(files)) == ["bundle: The bundle has more than 200 files."]


def test_a_directory_too_large_to_load_is_refused_unread() -> None:
    packed = bytearray(bundle())
    struct.pack_into("<L", packed, packed.rfind(b"PK\5\6") + 12, 50 << 20)
    assert refused(bytes(packed)) == ["bundle: The bundle has more than 200 files."]


def test_a_zip_with_wide_sizes_is_read() -> None:
    packed = bundle()
    at = packed.rfind(b"PK\5\6")
    count, size, start = struct.unpack_from("<HLL", packed, at + 10)
    wide = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = packed[at : at + 8] + b"\xff" * 12 + packed[at + 20 :]
    assert oneroster.read(packed[:at] + wide + locator + end).bundle
    bomb = bytearray(packed[:at] + wide + locator + end)
    struct.pack_into("<Q", bomb, at + 40, 50 << 20)
    assert refused(bytes(bomb)) == ["bundle: The bundle has more than 200 files."]


def test_a_file_without_a_name_is_no_file_of_the_standard() -> None:
    packed = bytearray(zipped({**unzipped(bundle()), "x": b""}))
    packed[packed.rfind(b"x", 0, packed.rfind(b"PK\5\6"))] = 0
    assert warned(bytes(packed)) == [": This file is not of the standard and is not read."]


def test_a_file_damaged_inside_the_zip_is_refused() -> None:
    packed = bytearray(bundle())
    at = packed.find(b"users.csv") + len("users.csv") + 40
    packed[at] ^= 0xFF
    assert any("users.csv" in problem for problem in refused(bytes(packed)))


def test_a_name_that_climbs_out_of_the_folder_goes_nowhere() -> None:
    files = {f"../../{name}": content for name, content in unzipped(bundle()).items()}
    assert warned(zipped(files)) == ['bundle: The files lie in the folder "../.."; a bundle has them at its root.']


def test_progress_is_told_for_each_file_up_to_its_end() -> None:
    heard: list[tuple[str, int, int]] = []
    oneroster.read(bundle(), progress=lambda *step: heard.append(step))
    ends = {name: total for name, done, total in heard if done == total}
    assert ends["users.csv"] == len(unzipped(bundle())["users.csv"])
    assert set(ends) == {name for name in unzipped(bundle()) if name != "manifest.csv"}
