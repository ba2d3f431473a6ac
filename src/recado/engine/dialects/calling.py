"""api_call, ai_prompt, script: how other builders write them. Their secrets stay behind."""

import json
from collections.abc import Mapping

from recado.engine.dialects.box import Box
from recado.engine.dialects.credentials import host_of, kept_names, looks_secret, slug
from recado.engine.dialects.fields import Fields, filled, inside, is_blank
from recado.engine.dialects.outcome import Outcome
from recado.engine.events import Json

RESULTS = (
    "save_to",
    "outputVariable",
    "responseVariable",
    "responseVar",
    "output_variable",
    "resultVariable",
    "variableName",
)
AUTH_HEADER = "X-API-Key"
MAX_CALL, MAX_AI, MAX_SCRIPT = 30, 120, 10


def api_call(fields: Fields, box: Box) -> Outcome:
    """Reads an HTTP call: with a status or without one, it went on."""
    url = fields.text("url") or ""
    stem = slug(host_of(url), otherwise="api")
    headers = pairs(fields, "headers")
    auth = _auth(fields, stem) or _auth_in(fields, headers, stem)
    query = _safe(fields, pairs(fields, "query", "queryParams", "query_params"), stem, "query")
    data = filled(
        method=(fields.text("method") or "").upper(),
        url=_safe_address(fields, url, stem),
        headers=_safe(fields, headers, stem, "headers"),
        query=query,
        auth=auth,
        timeout=_timeout(fields, most=MAX_CALL, usual=30),
        save_to=fields.variable(*RESULTS, to="save_to"),
    )
    data |= body(fields, headers)
    done = Outcome("api_call", data)
    went_on(fields, done, name=data.get("save_to"))
    return done


def pairs(fields: Fields, *names: str) -> list[Json]:
    """Reads headers or query parameters: an object, or a list of keys (or names) and values."""
    match fields.take(*names, to=names[0]):
        case dict() as found:
            return [{"name": name, "value": _plain(value)} for name, value in found.items()]
        case list() as items:
            readers = [inside(fields, item) for item in items if isinstance(item, dict)]
            named = [(r.text("name", "key"), r.text("value") or "") for r in readers]
            return [{"name": name, "value": value} for name, value in named if name]
        case None:
            return []
    fields.lose("value_not_read", field=names[0])
    return []


def _plain(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def body(fields: Fields, headers: list[Json]) -> dict[str, Json]:
    """Reads a body and what kind it is: an object is JSON, text is what it looks like or what a header says."""
    kind = fields.left.pop("body_type", None)
    match fields.take("body"):
        case None:
            return filled(body_type=kind)
        case str() as text:
            said = " ".join(
                pair["value"] for pair in headers if pair["name"].lower() == "content-type"
            )
            guessed = (
                "form" if "form-urlencoded" in said else "json" if _is_json(text, said) else "text"
            )
            return {"body": text, "body_type": kind or guessed}
        case value:
            text = json.dumps(value, ensure_ascii=False)
            return {"body": text, "body_type": kind or "json"}


def _is_json(text: str, said: str) -> bool:
    return "json" in said or text.lstrip()[:1] in ("{", "[")


def _auth(fields: Fields, stem: str) -> dict[str, Json] | None:
    """Reads how a call proves who it is; the secret becomes a name to make one under."""
    ours = fields.left.pop("auth", None)
    if isinstance(ours, dict) and not any(looks_secret(key) and key != "secret" for key in ours):
        return ours
    inner = inside(fields, ours if isinstance(ours, dict) else {})
    kind = fields.word("authType", "auth_type", to="auth") or inner.word("type")
    secrets = ("secretId", "secret_id", "apiKey", "api_key", "token", "bearerToken", "password")
    original = fields.text(*secrets) or inner.text(*secrets)
    user = fields.text("username") or inner.text("username")
    header = fields.text("apiKeyHeader", "headerName") or inner.text("header")
    inner.settle(())
    if kind in ("", "none") and not original:
        return None
    kinds = {
        "api_key": ("header", "key"),
        "apikey": ("header", "key"),
        "basic": ("basic", "password"),
    }
    type, what = kinds.get(kind, ("bearer", "token"))
    name = need_secret(fields, "auth", f"{stem}_{what}", original)
    shown = (header or AUTH_HEADER) if type == "header" else None
    return filled(type=type, secret=name, username=user, header=shown)


def need_secret(fields: Fields, field: str, wanted: str, original: str | None) -> str:
    """Gives the name that the secret is to be made under, and says so."""
    name = fields.names.name("secret", wanted, original)
    fields.lose("secret_needed", field=field, name=name)
    return name


def _auth_in(fields: Fields, headers: list[Json], stem: str) -> dict[str, Json] | None:
    """Takes a literal `Authorization` out of the headers."""
    for pair in headers:
        kind, _, token = pair["value"].partition(" ")
        if pair["name"].lower() == "authorization" and token and "{{" not in token:
            if kind.lower() != "bearer":
                continue  # `_safe` puts a secret's name in its place
            headers.remove(pair)
            name = need_secret(fields, "Authorization", f"{stem}_token", token)
            return {"type": "bearer", "secret": name}
    return None


def _safe(fields: Fields, found: list[Json], stem: str, where: str) -> list[Json]:
    """Puts the name of a secret where a literal one stood."""
    return [
        {**pair, "value": _sealed(fields, pair, stem, where)}
        if (looks_secret(pair["name"]) or pair["name"].lower() == "authorization")
        and pair["value"]
        and "{{" not in pair["value"]
        else pair
        for pair in found
    ]


def _sealed(fields: Fields, pair: Mapping[str, Json], stem: str, where: str) -> str:
    wanted = f"{stem}_{slug(pair['name'], otherwise='key')}"
    name = need_secret(fields, f"{where}.{pair['name']}", wanted, pair["value"])
    return f"{{{{secret.{name}}}}}"


def _safe_address(fields: Fields, url: str, stem: str) -> str:
    """Takes a user with a password out of an address, and literal keys out of its query."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if mark and "@" in host and "{{" not in host:
        fields.lose("secret_dropped", field="url")
        url = f"{scheme}://{host.rsplit('@', 1)[1]}{slash}{path}"
    address, mark, query = url.partition("?")
    if not mark:
        return url
    parts = [part.partition("=") for part in query.split("&")]
    pairs = [{"name": name, "value": value, "sign": sign} for name, sign, value in parts]
    return (
        address
        + "?"
        + "&".join(
            f"{pair['name']}{pair['sign']}{pair['value']}"
            for pair in _safe(fields, pairs, stem, "url")
        )
    )


def _timeout(fields: Fields, *, most: int, usual: int, scale: int = 1) -> int:
    """Reads a time limit in seconds; without one the origin's own counted, which is longer than ours."""
    given = fields.within("timeout", least=1, most=most, scale=scale)
    if given is None:
        fields.change("default_kept", field="timeout", value=usual)
    return given or usual


def went_on(fields: Fields, done: Outcome, *, name: Json) -> None:
    """Reads what was to happen after a failure: to stop, or to go on, perhaps with a value instead."""
    handling = inside(fields, fields.mapping("errorHandling", "error_handling"))
    on_error = handling.word("onError", "on_error") or "continue"
    fallback = handling.take("fallbackValue", "fallback_value")
    for field in ("maxRetries", "retryDelay"):
        if handling.take(field) is not None and on_error == "retry":
            fields.lose("no_retry", field=f"errorHandling.{field}")
    handling.settle(())
    if on_error in ("stop", "end", "fail"):
        return
    done.goes_on = ("error",)
    if fallback is not None and isinstance(name, str):
        done.rescue = {"assignments": [{"variable": name, "value": fallback}]}
    elif fallback is not None:
        fields.lose("field_not_kept", field="errorHandling.fallbackValue")


def ai_prompt(fields: Fields, box: Box) -> Outcome:
    """Reads a prompt; the account is named after its provider, to be made again."""
    provider = fields.word("provider") or ("openai" if box.said == "ai_chatgpt" else "")
    original = fields.text("apiKey", "api_key", "secretId", "secret_id", "customApiKey")
    address = fields.text("customUrl", "custom_url", "baseUrl")
    account = fields.text("account")
    if account is None:
        wanted = slug(provider, otherwise="ai")
        account = fields.names.name(
            "account", wanted, f"{provider} {original}" if original else None
        )
        details = kept_names({"provider": provider, "url": address or ""})
        fields.lose(
            "account_needed", name=account, provider=details.removeprefix("provider ") or "-"
        )
    data = filled(
        account=account,
        model=fields.text("model"),
        system=fields.text("system", "systemPrompt", "system_prompt", to="system"),
        prompt=fields.text("prompt", "userPrompt", "message", "content", to="prompt"),
        temperature=_temperature(fields),
        max_tokens=fields.number("max_tokens", "maxTokens", to="max_tokens"),
        save_to=fields.variable(*RESULTS, "variable", to="save_to"),
        timeout=_timeout(fields, most=MAX_AI, usual=60),
    )
    done = Outcome("ai_prompt", data)
    went_on(fields, done, name=data.get("save_to"))
    if done.rescue:
        data["fallback"] = str(done.rescue["assignments"][0]["value"])
        done.rescue = None
    return done


def _temperature(fields: Fields) -> float | int | None:
    warmth = fields.number("temperature")
    return None if warmth is None else min(max(warmth, 0), 2)


def script(fields: Fields, box: Box) -> Outcome:
    """Reads a script; one that is not JavaScript stays as a comment, to be written again."""
    # Only the builder that says scriptCode counts in milliseconds.
    scale = 1_000 if fields.left.keys() & {"scriptCode", "scriptLanguage"} else 1
    code = fields.text("code", "scriptCode", "script", to="code") or ""
    language = fields.word("language", "scriptLanguage", to="language") or "javascript"
    about = fields.text("description")
    packages = fields.items("pythonPackages")
    if language not in ("javascript", "js", "typescript"):
        fields.lose("no_python", language=language.capitalize())
        code = "\n".join([*(f"// {line}" for line in code.splitlines()), "return null;"])
        fields.forget("pythonPackages")
    elif packages:
        fields.lose("field_not_kept", field="pythonPackages")
    if about:
        fields.change("kept_as_comment", field="description")
        code = "\n".join([*(f"// {line}" for line in about.splitlines()), code])
    inputs = [
        name
        for name in fields.items("inputs", "inputVariables", to="inputs")
        if isinstance(name, str)
    ]
    data = filled(
        language="javascript",
        code=code,
        inputs=inputs,
        save_to=fields.variable(*RESULTS, to="save_to"),
        timeout=_timeout(fields, most=MAX_SCRIPT, usual=5, scale=scale),
    )
    done = Outcome("script", data)
    went_on(fields, done, name=data.get("save_to"))
    return done


def is_secret(name: str, value: Json) -> bool:
    """Says whether a field of an unknown node is to be left behind."""
    return (
        looks_secret(name) and isinstance(value, str) and not is_blank(value) and "{{" not in value
    )
