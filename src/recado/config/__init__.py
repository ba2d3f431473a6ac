"""Every setting: its name, default and meaning. Settings come from the environment, as RECADO_<NAME>."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from recado.config.addresses import mail_server, opened, origin, web_address
from recado.config.key import decode_key, make_key

PREFIX = "RECADO_"


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
    egress_allow: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        "Hosts, host:port or networks beyond the public internet that flows may call, separated by commas.",
        must="hosts, host:port or networks separated by commas, such as crm.local,10.0.0.0/8",
    )
    smtp_url: SecretStr | None = _setting(
        None,
        "Mail server for the e-mails of flows; `from` is whom they come from, `starttls` is always, offered or never.",
        must="a URL such as smtp://user:password@mail.example.com:587?from=bot@example.com",
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
    metrics_port: int | None = _setting(
        None,
        "TCP port on which this process shows its metrics, at /metrics; 0 takes any free one.",
        must="a whole number from 0 to 65535",
        ge=0,
        le=65535,
    )
    metrics_token: SecretStr | None = _setting(
        None,
        "Token that /metrics asks for, as a bearer token; without a port of its own it is on the main one.",
        must="a token of at least 16 characters",
        min_length=16,
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

    @field_validator("cors_origins", "egress_allow", mode="before")
    @classmethod
    def _split(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        read = origin if info.field_name == "cors_origins" else opened
        return tuple(read(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("public_url", "graph_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        return None if value is None else web_address(value)

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in (
            "postgresql",
            "postgres",
        ):
            raise ValueError("not a PostgreSQL URL")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            mail_server(value.get_secret_value())
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
            decode_key(value.get_secret_value())
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
        return decode_key(settings.secret_key.get_secret_value())
    path = settings.data_dir / "secret.key"
    try:
        if not path.exists():
            make_key(path)
        return decode_key(path.read_text().strip())
    except OSError as problem:
        raise SettingsError(
            f"RECADO_DATA_DIR must be a folder that Recado can read and write, and {path} failed: {problem.strerror}."
        ) from problem
    except ValueError as problem:
        raise SettingsError(
            f"{path} must hold 32 bytes in base64: put it back from a backup, or set RECADO_SECRET_KEY."
        ) from problem


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
