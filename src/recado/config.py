"""Every setting: its name, default and meaning. Settings come from the environment, as RECADO_<NAME>."""

import base64
import binascii
import difflib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "RECADO_"
KEY_BYTES = 32


class SettingsError(Exception):
    """A setting is wrong; the message is one sentence that names it."""


def _setting(default: Any, meaning: str, *, must: str, **limits: Any) -> Any:
    """Describes a setting; `must` ends the sentence "RECADO_X must be ..."."""
    return Field(default, description=meaning, json_schema_extra={"must": must}, **limits)


class Settings(BaseSettings):
    """How this process runs. An empty variable counts as absent."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on; 0.0.0.0 listens on all.",
        must="a host name or an IP address",
        pattern=r"^[A-Za-z0-9.:_-]+$",
    )
    port: int = _setting(
        8000,
        "TCP port to listen on; 0 takes any free one.",
        must="a whole number from 0 to 65535",
        ge=0,
        le=65535,
    )
    public_url: str | None = _setting(
        None,
        "Address under which the internet (so Meta) reaches this server.",
        must="an http or https URL such as https://bot.example.com",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        "Origins of separate front ends that may use the API, separated by commas.",
        must="origins separated by commas, such as https://app.example.com",
    )
    data_dir: Path = _setting(
        Path("data"),
        "Folder of the bundled database and of the secret key.",
        must="a folder",
    )
    database_url: SecretStr | None = _setting(
        None,
        "A PostgreSQL (16 or newer) to use instead of the bundled one.",
        must="a URL such as postgresql://user:password@host:5432/database",
    )
    pg_bin: Path | None = _setting(
        None,
        "Folder with the programs of another PostgreSQL for the bundled database.",
        must="a folder that holds the programs postgres and initdb",
    )
    pool_size: int = _setting(
        10,
        "Most database connections of one process.",
        must="a whole number of connections from 2 to 500",
        ge=2,
        le=500,
    )
    graph_url: str = _setting(
        "https://graph.facebook.com",
        "Where Meta's Graph API is.",
        must="an http or https URL such as https://graph.facebook.com",
    )
    graph_version: str = _setting(
        "v25.0",
        "Version of Meta's Graph API.",
        must="a version such as v25.0",
        pattern=r"^v[0-9]+\.[0-9]+$",
    )
    fake_meta_port: int = _setting(
        8025,
        "TCP port of the fake Meta that `recado up` starts.",
        must="a whole number from 0 to 65535",
        ge=0,
        le=65535,
    )
    unknown_wait: float = _setting(
        30,
        "Seconds to wait for a status before a send with unknown outcome is repeated.",
        must="a number of seconds from 0 to 3600",
        ge=0,
        le=3600,
        allow_inf_nan=False,
    )
    admin_email: str | None = _setting(
        None,
        "E-mail address of the owner that the first start makes; with RECADO_ADMIN_PASSWORD.",
        must="an e-mail address",
        pattern=r"^[^@\s]+@[^@\s]+$",
    )
    admin_password: SecretStr | None = _setting(
        None,
        "Password of that owner.",
        must="a password of at least 8 characters",
        min_length=8,
    )
    secret_key: SecretStr | None = _setting(
        None,
        "The key that secrets in the database are encrypted with; made in the data folder when absent.",
        must="32 bytes in base64 or in hexadecimal digits",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info",
        "The least important log lines to write.",
        must="debug, info, warning or error",
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(_origin(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("public_url", "graph_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        return None if value is None else _web_address(value)

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in (
            "postgresql",
            "postgres",
        ):
            raise ValueError("not a PostgreSQL URL")
        return value

    @field_validator("data_dir")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        if value.exists() and not value.is_dir():
            raise ValueError("not a folder")
        return value

    @field_validator("pg_bin")
    @classmethod
    def _programs(cls, value: Path | None) -> Path | None:
        if value is not None and not (value / "postgres").exists():
            raise ValueError("no programs there")
        return value

    @field_validator("secret_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _decode_key(value.get_secret_value())
        return value


def load_settings() -> Settings:
    """Reads the settings from the environment; raises `SettingsError` for the first that is wrong."""
    try:
        settings = Settings()
    except ValidationError as problem:
        raise SettingsError(_sentence(str(problem.errors()[0]["loc"][0]))) from None
    for given, missing in (("admin_email", "admin_password"), ("admin_password", "admin_email")):
        if getattr(settings, given) is not None and getattr(settings, missing) is None:
            raise SettingsError(
                f"{_variable(missing)} must be set together with {_variable(given)}."
            )
    return settings


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Gives a warning for each RECADO_ variable that is no setting, with the likely right name."""
    known = [_variable(name) for name in Settings.model_fields]
    names = sorted(os.environ if environment is None else environment)
    return [
        _unknown(name, difflib.get_close_matches(name, known, n=1))
        for name in names
        if name.startswith(PREFIX) and name not in known
    ]


def secret_key(settings: Settings) -> bytes:
    """Gives the 32 bytes that secrets are encrypted with: the setting, or the data folder's file, made when missing."""
    if settings.secret_key is not None:
        return _decode_key(settings.secret_key.get_secret_value())
    path = settings.data_dir / "secret.key"
    try:
        if not path.exists():
            _make_key(path)
        return _decode_key(path.read_text().strip())
    except OSError as problem:
        raise SettingsError(
            f"RECADO_DATA_DIR must be a folder that Recado can read and write, and {path} failed: {problem.strerror}."
        ) from problem
    except ValueError as problem:
        raise SettingsError(
            f"{path} must hold 32 bytes in base64: put it back from a backup, or set RECADO_SECRET_KEY."
        ) from problem


def _make_key(path: Path) -> None:
    """Writes a new key in one step: of several processes that start at once, one writes and all read the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".secret.key.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _decode_key(text: str) -> bytes:
    """Reads hexadecimal digits or either alphabet of base64; raises ValueError unless it is 32 bytes."""
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return bytes.fromhex(text)
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as problem:
        raise ValueError("not base64") from problem
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if not whole or parts.query or parts.fragment:
        raise ValueError("not a web address")
    return value.rstrip("/")


def _origin(value: str) -> str:
    address = _web_address(value)
    if urlsplit(address).path:
        raise ValueError("an origin has no path")
    return address


def _sentence(field: str) -> str:
    """Says what is wrong with a setting; its value is shown unless it is secret."""
    about, name = Settings.model_fields[field], _variable(field)
    extra = about.json_schema_extra
    must = extra["must"] if isinstance(extra, dict) else "right"
    if "SecretStr" in str(about.annotation):
        return f"{name} must be {must}."
    return f"{name} must be {must}, and it is {os.environ.get(name, '')!r}."


def _unknown(name: str, near: list[str]) -> str:
    return f"{name} is no setting of Recado" + (f"; did you mean {near[0]}?" if near else ".")


def _variable(field: str) -> str:
    return PREFIX + field.upper()
