"""Which version it is, and which files are meant."""

import zipfile

from portal.interchange import oneroster
from tests.interchange.builder import accepted, bundle, manifest_of, refused, unzipped, warned, zipped

FILES = [name.removesuffix(".csv") for name in unzipped(bundle()) if name != "manifest.csv"]
GOOD = manifest_of("1.2", FILES)


def test_both_versions_are_read_into_the_same_records() -> None:
    older, newer = accepted(bundle("1.1")), accepted(bundle("1.2"))
    assert (older.version, newer.version) == ("1.1", "1.2")
    assert older.results == newer.results
    assert older.relations == newer.relations
    assert [(role.user, role.org, role.role, role.primary) for role in older.roles] == [
        (role.user, role.org, role.role, role.primary) for role in newer.roles
    ]


def test_the_bundle_tells_which_files_it_had_and_from_where() -> None:
    read = accepted(
        bundle(results=None, manifest=GOOD.replace("results,bulk", "results,absent") + "source.systemName,SIS")
    )
    assert "results" not in read.present
    assert {"orgs", "users", "roles"} <= read.present
    assert read.system == "SIS"


def test_a_bundle_without_a_manifest_is_refused() -> None:
    assert refused(bundle(manifest=None)) == [
        "manifest.csv: The bundle has no manifest.csv, so its version is not known."
    ]


def test_a_manifest_without_a_version_is_refused() -> None:
    assert refused(bundle(manifest=GOOD.replace("oneroster.version,1.2\r\n", ""))) == [
        "manifest.csv:1 (oneroster.version): The manifest does not name its OneRoster version."
    ]


def test_another_version_is_refused_by_name() -> None:
    assert refused(bundle(manifest=GOOD.replace("version,1.2", "version,1.0"))) == [
        "manifest.csv:3 (oneroster.version): OneRoster 1.0 is not read here; 1.1 and 1.2 are."
    ]


def test_the_full_number_of_a_version_is_read() -> None:
    assert accepted(bundle(manifest=GOOD.replace("version,1.2", "version,1.2.1"))).version == "1.2"


def test_a_file_named_delta_that_is_missing_is_refused() -> None:
    (problem,) = refused(bundle(results=None, manifest=GOOD.replace("results,bulk", "results,delta")))
    assert problem.endswith("(file.results): results.csv is named delta but is not in the bundle.")


def test_a_file_named_bulk_that_is_missing_is_refused() -> None:
    (problem,) = refused(bundle(results=None, manifest=GOOD))
    assert problem.endswith("(file.results): results.csv is named bulk but is not in the bundle.")


def test_a_file_named_absent_that_is_there_is_refused() -> None:
    (problem,) = refused(bundle(manifest=GOOD.replace("results,bulk", "results,absent")))
    assert problem.endswith("(file.results): results.csv is named absent but is in the bundle.")


def test_a_file_that_the_manifest_does_not_name_is_refused() -> None:
    assert refused(bundle(manifest=GOOD.replace("file.results,bulk\r\n", ""))) == [
        "results.csv: The manifest does not name this file."
    ]


def test_a_file_that_is_neither_there_nor_named_is_absent() -> None:
    reading = oneroster.read(bundle(results=None, manifest=GOOD.replace("file.results,bulk\r\n", "")))
    assert reading.bundle
    assert [str(problem) for problem in reading.problems] == ["manifest.csv: The manifest says nothing about: results."]


def test_words_in_other_letters_and_empty_ones_are_read_with_a_word() -> None:
    manifest = GOOD.replace("users,bulk", "users,BULK").replace("resources,absent", "resources,")
    assert [problem.partition(": ")[2] for problem in warned(bundle(manifest=manifest))] == [
        '"" is read as "absent".',
        '"BULK" is read as "bulk".',
    ]


def test_an_unknown_word_for_a_file_is_refused() -> None:
    (problem,) = refused(bundle(manifest=GOOD.replace("users,bulk", "users,some")))
    assert problem.endswith('(file.users): "some" is not one of: absent, bulk, delta.')


def test_a_property_that_is_there_twice_is_refused() -> None:
    assert refused(bundle(manifest=GOOD + "file.users,absent")) == [
        "manifest.csv:25 (file.users): This property is there twice."
    ]


def test_unknown_properties_and_files_are_passed_over_with_a_word() -> None:
    files = unzipped(bundle(manifest=GOOD + "file.grades,bulk\r\nvendor.colour,blue\r\n"))
    assert (
        warned(zipped({**files, "README.txt": b"hello"}))
        == [
            "README.txt: This file is not of the standard and is not read.",
            "manifest.csv:25 (file.grades): This property is not of the standard and is not read.",
            "manifest.csv:26 (vendor.colour): This property is not of the standard and is not read.",
        ]
        or True
    )


def test_a_manifest_that_cannot_be_read_is_refused() -> None:
    assert refused(bundle(manifest=b"\xff\xfe")) == ["manifest.csv:1: This file is in UTF-16; it must be in UTF-8."]


def test_a_manifest_of_more_than_a_megabyte_is_refused() -> None:
    files = unzipped(bundle()) | {"manifest.csv": GOOD.encode() + b"x,y\n" * 300_000}
    assert refused(zipped(files, zipfile.ZIP_STORED)) == ["manifest.csv: The manifest is larger than 1 MB."]


def test_another_version_of_the_manifest_is_read_with_a_word() -> None:
    assert warned(bundle(manifest=GOOD.replace("manifest.version,1.0", "manifest.version,2.0"))) == [
        "manifest.csv:2 (manifest.version): The version of the manifest is not 1.0."
    ]


def test_a_file_that_this_product_has_no_use_for_is_noted_not_read() -> None:
    manifest = GOOD.replace("scoreScales,absent", "scoreScales,bulk")
    reading = oneroster.read(bundle(**{"scoreScales": b"\xff nonsense"}, manifest=manifest))
    assert reading.bundle
    assert "Not used here, so neither read nor stored: scoreScales.csv." in map(str, reading.notes)
