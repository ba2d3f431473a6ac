"""Settings: right ones are read, a wrong one names itself, and the key is made once."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recado.config import (
    Settings,
    SettingsError,
    load_settings,
    secret_key,
    unknown_settings,
)
from tests.calls.smtp_urls import RIGHT, WRONG

KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the settings of whoever runs the tests away."""
    for name in [name for name in os.environ if name.startswith("RECADO_")]:
        monkeypatch.delenv(name)


def test_the_defaults_are_those_of_the_guide() -> None:
    settings = load_settings()

    assert (settings.port, settings.fake_meta_port, settings.unknown_wait) == (8000, 8025, 30)
    assert settings.graph_url == "https://graph.facebook.com"
    assert settings.graph_version == "v25.0"
    assert settings.data_dir == Path("data")
    assert settings.database_url is None
    assert settings.cors_origins == ()


def test_every_setting_says_what_it_means_and_what_it_must_be() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra["must"], name


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("PORT", "0", 0),
        ("HOST", "::", "::"),
        ("UNKNOWN_WAIT", "0.5", 0.5),
        ("LOG_LEVEL", "DEBUG", "debug"),
        ("PUBLIC_URL", "https://bot.example.com/", "https://bot.example.com"),
        ("PUBLIC_URL", "", None),
        ("GRAPH_URL", "http://127.0.0.1:8025", "http://127.0.0.1:8025"),
        (
            "CORS_ORIGINS",
            "https://a.example, http://localhost:5173 ,",
            ("https://a.example", "http://localhost:5173"),
        ),
        ("POOL_SIZE", "25", 25),
        (
            "EGRESS_ALLOW",
            "CRM.local, 10.0.0.7:8080,[fd00::7]:443 , fd00::7,10.0.0.0/8,",
            ("crm.local", "10.0.0.7:8080", "[fd00::7]:443", "fd00::7", "10.0.0.0/8"),
        ),
    ],
)
def test_a_setting_is_read(
    name: str, value: str, read: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"RECADO_{name}", value)

    assert getattr(load_settings(), name.lower()) == read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "two words"),
        ("PORT", "eight thousand"),
        ("PORT", "70000"),
        ("PUBLIC_URL", "bot.example.com"),
        ("PUBLIC_URL", "https://bot.example.com:99999"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("DATA_DIR", __file__),
        ("PG_BIN", "/nowhere/at/all"),
        ("POOL_SIZE", "1"),
        ("GRAPH_URL", "ftp://graph.facebook.com"),
        ("GRAPH_VERSION", "25"),
        ("FAKE_META_PORT", "-1"),
        ("UNKNOWN_WAIT", "nan"),
        ("UNKNOWN_WAIT", "-5"),
        ("ADMIN_EMAIL", "nobody"),
        ("LOG_LEVEL", "loud"),
        ("EGRESS_ALLOW", "crm.local,*.local"),
        ("EGRESS_ALLOW", "10.0.0.1/8"),
        ("EGRESS_ALLOW", "crm.local:99999"),
        ("EGRESS_ALLOW", "http://crm.local"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_in_one_sentence(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"RECADO_{name}", value)

    with pytest.raises(SettingsError) as problem:
        load_settings()

    sentence = str(problem.value)
    assert sentence.startswith(f"RECADO_{name} must be ")
    assert sentence.endswith(f", and it is {value!r}.")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("ADMIN_PASSWORD", "hunter2"),
        ("SECRET_KEY", "hunter2"),
        ("SECRET_KEY", base64.b64encode(KEY[:31]).decode()),
    ],
)
def test_a_wrong_secret_is_named_and_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_ADMIN_EMAIL", "ana@example.com")
    monkeypatch.setenv(f"RECADO_{name}", value)

    with pytest.raises(SettingsError) as problem:
        load_settings()

    assert str(problem.value).startswith(f"RECADO_{name} must be ")
    assert value not in str(problem.value)
    assert problem.value.__suppress_context__  # pydantic's own error would show it in a traceback


@pytest.mark.parametrize(
    ("given", "value", "missing"),
    [
        ("RECADO_ADMIN_EMAIL", "ana@example.com", "RECADO_ADMIN_PASSWORD"),
        ("RECADO_ADMIN_PASSWORD", "long enough", "RECADO_ADMIN_EMAIL"),
    ],
)
def test_half_an_owner_is_refused(
    given: str, value: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(given, value)

    with pytest.raises(SettingsError, match=f"^{missing} must be set together with {given}"):
        load_settings()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECADO_SECRET_KEY", KEY.hex())
    monkeypatch.setenv("RECADO_DATABASE_URL", "postgresql://me:hunter2@db/recado")

    shown = repr(load_settings())

    assert KEY.hex() not in shown
    assert "hunter2" not in shown


def test_an_unknown_setting_is_warned_of_with_the_likely_name() -> None:
    environment = {"RECADO_PROT": "1", "RECADO_PORT": "1", "RECADO_XYZ_QQQ": "1", "HOME": "/"}

    assert unknown_settings(environment) == [
        "RECADO_PROT is no setting of Recado; did you mean RECADO_PORT?",
        "RECADO_XYZ_QQQ is no setting of Recado.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper(),
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
    ],
)
def test_a_key_may_be_given_in_hexadecimal_or_base64(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_SECRET_KEY", text)

    assert secret_key(load_settings()) == KEY


def test_a_key_is_made_once_and_kept_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_DATA_DIR", str(tmp_path / "data"))

    with ThreadPoolExecutor(8) as starters:
        keys = set(starters.map(lambda _: secret_key(load_settings()), range(16)))

    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "data/secret.key").stat().st_mode) == 0o600


def test_a_damaged_key_file_is_not_replaced(tmp_path: Path, broken_key: Path) -> None:
    with pytest.raises(SettingsError, match=r"secret\.key must hold 32 bytes"):
        secret_key(load_settings())

    assert broken_key.read_text() == "short"


def test_a_data_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECADO_DATA_DIR", str(tmp_path / "file" / "data"))

    with pytest.raises(SettingsError, match=r"^RECADO_DATA_DIR must be a folder"):
        secret_key(load_settings())


@pytest.mark.parametrize("url", RIGHT)
def test_a_mail_server_is_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECADO_SMTP_URL", url)

    settings = load_settings()

    assert settings.smtp_url is not None
    assert settings.smtp_url.get_secret_value() == url
    assert url not in repr(settings)


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_mail_server_is_named_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_SMTP_URL", url)

    with pytest.raises(SettingsError) as problem:
        load_settings()

    right = "smtp://user:password@mail.example.com:587?from=bot@example.com"
    assert str(problem.value) == f"RECADO_SMTP_URL must be a URL such as {right}."


@pytest.fixture
def broken_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file that somebody cut short."""
    monkeypatch.setenv("RECADO_DATA_DIR", str(tmp_path))
    path = tmp_path / "secret.key"
    path.write_text("short")
    return path
