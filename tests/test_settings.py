"""Settings: read from the environment, refused by name, listed in one table."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import VARIABLES, SettingError, Settings, read

TABLE = Path(__file__).parent.parent / "docs" / "guide" / "settings.md"
SECRET = "0123456789abcdef0123456789abcdef"
# What the table says of a default that is not a fixed text.
MADE = {"PORTAL_SECRET": "made once", "PORTAL_PUBLIC_URL": "http://HOST:PORT", "PORTAL_OIDC": ""}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a working folder of its own: the secret is kept there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows() -> dict[str, str]:
    """The table of the guide: the default of every setting by name."""
    found = re.findall(r"^\| `([A-Z_]+)` \|([^|]*)\|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: default.strip().strip("`") for name, default in found}


def test_the_guide_lists_every_setting_and_no_other() -> None:
    assert list(rows()) == list(VARIABLES)


def test_the_guide_tells_the_defaults_of_the_code() -> None:
    settings = read({})
    told = rows()
    for name, field in VARIABLES.items():
        value = getattr(settings, field)
        if name == "PORTAL_PUBLIC_URL":
            assert value == "http://127.0.0.1:8000"
        shown = {True: "on", False: "off"}.get(value) if isinstance(value, bool) else str(value)
        assert told[name] == MADE.get(name, shown), name


def test_an_empty_environment_is_a_safe_server_on_this_machine() -> None:
    settings = read({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert not settings.is_open
    assert not settings.secure
    assert settings.limits


def test_a_setting_that_is_set_to_nothing_has_its_default() -> None:
    settings = read({"PORT": "", "PORTAL_LOCALE": "  ", "PORTAL_SECRET": SECRET})
    assert (settings.port, settings.locale) == (8000, "vi")


def test_every_setting_reaches_its_field() -> None:
    settings = read(
        {
            "HOST": "0.0.0.0",
            "PORT": "8123",
            "PORTAL_DATABASE_URL": "postgres://school@db.internal/school",
            "PORTAL_REDIS_URL": "redis://cache.internal",
            "PORTAL_SECRET": SECRET,
            "PORTAL_PUBLIC_URL": "https://school.example/",
            "PORTAL_MEDIA": "/srv/media",
            "PORTAL_SMTP_URL": "smtps://user:pass@mail.internal",
            "PORTAL_TIME_ZONE": "Europe/Zurich",
            "PORTAL_LOCALE": "en",
            "PORTAL_LIMITS": "on",
            "PORTAL_METRICS_TOKEN": "reader",
            "PORTAL_WORKERS": "4",
        }
    )
    assert settings == Settings(
        host="0.0.0.0",
        port=8123,
        database_url="postgres://school@db.internal/school",
        redis_url="redis://cache.internal",
        secret=SECRET,
        public_url="https://school.example",
        media=Path("/srv/media"),
        smtp_url="smtps://user:pass@mail.internal",
        time_zone="Europe/Zurich",
        locale="en",
        limits=True,
        metrics_token="reader",
        workers=4,
    )
    assert settings.secure
    assert settings.is_open
    assert settings.sender == "no-reply@school.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80a"),
        ("PORT", "-1"),
        ("PORT", "٨٠"),
        ("PORT", "9" * 5000),
        ("PORTAL_DATABASE_URL", "mysql://localhost/school"),
        ("PORTAL_DATABASE_URL", "school.sqlite3"),
        ("PORTAL_DATABASE_URL", "postgres://localhost:port/school"),
        ("PORTAL_REDIS_URL", "http://localhost"),
        ("PORTAL_REDIS_URL", "redis://[broken"),
        ("PORTAL_SECRET", "too short"),
        ("PORTAL_PUBLIC_URL", "school.example"),
        ("PORTAL_PUBLIC_URL", "ftp://school.example"),
        ("PORTAL_PUBLIC_URL", "https://school.example/portal"),
        ("PORTAL_PUBLIC_URL", "https://school.example?a=b"),
        ("PORTAL_PUBLIC_URL", "https://me@school.example"),
        ("PORTAL_PUBLIC_URL", "https://school.example:99999"),
        ("PORTAL_PUBLIC_URL", "http://school.example"),
        ("PORTAL_PUBLIC_URL", "http://8.8.8.8:8000"),
        ("PORTAL_PUBLIC_URL", "http://localhost.evil.example"),
        ("PORTAL_SMTP_URL", "mail.internal:25"),
        ("PORTAL_TIME_ZONE", "Asia/Saigon City"),
        ("PORTAL_TIME_ZONE", "../../etc/passwd"),
        ("PORTAL_LOCALE", "fr"),
        ("PORTAL_LIMITS", "yes"),
        ("PORTAL_WORKERS", "0"),
        ("PORTAL_WORKERS", "65"),
        ("PORTAL_WORKERS", "two"),
        ("PORTAL_WORKERS", "2"),
        ("PORTAL_LIMIT", "off"),
        ("PORTAL_DEBUG", "1"),
    ],
)
def test_what_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf"\A{name}\b"):
        read({"PORTAL_SECRET": SECRET} | {name: value})


@pytest.mark.parametrize("host", ["127.0.0.1", "192.168.1.20", "10.0.0.5", "localhost", "[::1]"])
def test_plain_http_is_for_loopback_and_private_addresses(host: str) -> None:
    url = f"http://{host}:8000"
    assert read({"PORTAL_SECRET": SECRET, "PORTAL_PUBLIC_URL": url}).public_url == url


def test_limits_may_not_be_off_where_others_come_by_https() -> None:
    off = {"PORTAL_SECRET": SECRET, "PORTAL_LIMITS": "off"}
    assert not read(off).limits
    with pytest.raises(SettingError, match="PORTAL_LIMITS"):
        read(off | {"PORTAL_PUBLIC_URL": "https://school.example"})


def test_several_workers_need_redis_to_tell_each_other() -> None:
    several = {"PORTAL_SECRET": SECRET, "PORTAL_WORKERS": "2"}
    with pytest.raises(SettingError, match="PORTAL_REDIS_URL"):
        read(several)
    assert read(several | {"PORTAL_REDIS_URL": "redis://localhost"}).workers == 2


def test_settings_of_the_tests_are_not_taken_for_ours() -> None:
    read({"PORTAL_SECRET": SECRET, "PORTAL_TEST_POSTGRES": "postgres://localhost/postgres"})


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(folder: Path) -> None:
    first = read({})
    kept = folder / "var" / "secret"
    assert len(first.secret) >= 32
    assert kept.read_text() == first.secret
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert read({}).secret == first.secret
    assert list(kept.parent.iterdir()) == [kept]


def test_two_processes_that_start_at_once_have_one_secret(folder: Path) -> None:
    code = "from portal.settings import read; print(read({}).secret)"
    environment = os.environ | {"PYTHONPATH": str(TABLE.parents[2])}
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    told = {process.communicate()[0] for process in started}
    assert len(told) == 1
    assert len(told.pop().strip()) >= 32


def test_a_kept_secret_that_was_cut_short_is_refused(folder: Path) -> None:
    (folder / "var").mkdir()
    (folder / "var" / "secret").write_text("short")
    with pytest.raises(SettingError, match=r"PORTAL_SECRET .*var/secret"):
        read({})


def test_a_secret_that_cannot_be_kept_is_refused_by_name(folder: Path) -> None:
    (folder / "var").write_text("a file where the folder should be")
    with pytest.raises(SettingError, match="PORTAL_SECRET"):
        read({})


def oidc(**changes: object) -> str:
    """The settings of one provider, with what a test changes; None leaves a key out."""
    entry = {"name": "google", "issuer": "https://accounts.google.com", "client_id": "us", "client_secret": "hush"}
    return json.dumps([{key: value for key, value in (entry | changes).items() if value is not None}])


def test_identity_providers_are_a_list_of_any_length() -> None:
    assert read({"PORTAL_OIDC": "[]"}).oidc == ()
    (google,) = read({"PORTAL_OIDC": oidc()}).oidc
    assert (google.name, google.label, google.near) == ("google", "Google", False)
    two = json.dumps(
        [*json.loads(oidc()), *json.loads(oidc(name="own", issuer="http://10.0.0.7:8080/realms/a", label="Ở nhà"))]
    )
    assert [(one.label, one.near) for one in read({"PORTAL_OIDC": two}).oidc] == [("Google", False), ("Ở nhà", True)]


@pytest.mark.parametrize(
    "text, told",
    [
        ("google", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("{}", "must be a JSON list"),
        ("[1]", "no object as its entry 1"),
        (oidc(name=None), "has no name"),
        (oidc(issuer=""), "has no issuer"),
        (oidc(client_id=7), "client_id must be a text"),
        (oidc(client_secret="a\nb"), "client_secret must be a text"),
        (oidc(client_secret="bí mật"), "client_secret has letters"),
        (oidc(secret="x"), "'secret'; known are name, label"),
        (oidc(name="Google Inc"), "the name stands in addresses"),
        (oidc(name="a/b"), "the name stands in addresses"),
        (oidc(name="x" * 33), "more than 32"),
        (oidc(issuer="accounts.google.com"), "the issuer must be like"),
        (oidc(issuer="https://a.example/?tenant=1"), "the issuer must be like"),
        (oidc(issuer="https://user@a.example"), "the issuer must be like"),
        (oidc(issuer="http://accounts.google.com"), "must be https outside loopback"),
        (oidc(issuer="https://a.example:x"), "is not an address"),
        (oidc()[:-1] + "," + oidc(issuer="https://b.example")[1:], "the same name twice"),
        (oidc()[:-1] + "," + oidc(name="b")[1:], "the same issuer twice"),
    ],
)
def test_a_list_of_providers_that_cannot_work_is_refused_by_name_without_its_secrets(text: str, told: str) -> None:
    with pytest.raises(SettingError, match=re.escape(told)) as no:
        read({"PORTAL_OIDC": text})
    assert str(no.value).startswith("PORTAL_OIDC ")
    assert "hush" not in str(no.value)


def test_the_settings_do_not_show_the_secrets_of_providers() -> None:
    assert "hush" not in repr(read({"PORTAL_OIDC": oidc()}).oidc)
