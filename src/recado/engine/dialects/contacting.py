"""action and handoff: how other builders write them. What an action did one after the other stays in that order."""

from collections.abc import Callable, Mapping
from uuid import UUID

from recado.engine.dialects.box import Box
from recado.engine.dialects.calling import body, is_secret, need_secret, pairs
from recado.engine.dialects.credentials import host_of, slug
from recado.engine.dialects.fields import Fields, bare, filled, inside
from recado.engine.dialects.moving import assignment
from recado.engine.dialects.outcome import Extra, Outcome
from recado.engine.dialects.words import PRIORITIES, tags_of
from recado.engine.events import Json

MAX_CALL = 30
STATUS = ("outputVariable", "output_variable", "saveResponseTo", "save_response_to")
KINDS: Mapping[str, str] = {
    "save_contact": "save_contact", "add_tag": "add_tag", "remove_tag": "remove_tag",
    "update_field": "set_field", "set_field": "set_field", "send_email": "email", "email": "email",
    "webhook": "webhook", "update_variable": "set_variable", "set_variable": "set_variable",
    "script": "script", "notify_team": "notify_team", "opt_in": "opt_in", "opt_out": "opt_out",
}  # fmt: skip
# What the builder with one action a node writes for the other kinds of action: there it says nothing.
DEFAULTS = {"webhookMethod": ("POST", "GET"), "timeout": (30,), "retryOnFailure": (True, False)}
OUTSIDE = ("webhook", "email")


def action(fields: Fields, box: Box) -> Outcome:
    """Reads an action, or a list of them; what is another node's work here becomes a node of its own."""
    goes_on = fields.flag("continueOnError", "continue_on_error")
    parts: list[Extra] = []
    match fields.left.get("actions"):
        case list() as items:
            fields.left.pop("actions")
            for item in items:
                if isinstance(item, dict):
                    parts += _listed(fields, item)
                else:
                    fields.lose("value_not_read", field="actions")
        case _:
            parts += _one(fields, fields.word("actionType", "action_type", to="actions"))
    _forget_defaults(fields, parts)
    if variable := fields.text(*STATUS):
        fields.lose("status_not_kept", variable=bare(variable))
    first, *rest = _grouped(parts) or [("action", {})]
    if first[0] != "action":
        fields.change("type_changed", old="action", new=first[0])
    side = ("error",) if goes_on and (first[0] == "script" or _kinds(parts) & {*OUTSIDE}) else ()
    return Outcome(first[0], first[1], after=rest, goes_on=side)


def _listed(fields: Fields, item: dict[str, Json]) -> list[Extra]:
    """Reads an action of a list: with its fields in `config`, or in our own form."""
    kind = str(item.get("type", "")).casefold()
    if not isinstance(item.get("config"), dict):
        return [("action", {"actions": [item]})]
    reader = inside(fields, item["config"])
    found = _one(reader, kind)
    if variable := reader.text(*STATUS):
        reader.lose("status_not_kept", variable=bare(variable))
    reader.settle(())
    return found


def _one(reader: Fields, said: str) -> list[Extra]:
    """Reads one action."""
    kind = KINDS.get(said)
    match kind:
        case None:
            if said:
                reader.lose("unknown_word", field="actionType", value=said)
            return []
        case "set_variable":
            return [("set_variable", {"assignments": [assignment(reader)]})]
        case "script":
            code = reader.text("script", "code", "scriptCode") or ""
            return [("script", filled(language="javascript", code=code))]
    made = WRITTEN[kind](reader) if kind in WRITTEN else [{}]
    return [("action", {"actions": [{"type": kind, **each}]}) for each in made]


def _contact(reader: Fields) -> list[dict[str, Json]]:
    """Reads which fields of the contact are saved: as templates, or by the names of variables."""
    given = reader.mapping("contactFields", "contact_data", "contact_fields")
    named = reader.mapping("fields")
    data = {**given, **{field: f"{{{{{bare(str(name))}}}}}" for field, name in named.items()}}
    tags = tags_of(data.pop("tags", None))
    custom = data.pop("custom_fields", data.pop("customFields", {}))
    own = {name: data.pop(name) for name in ("name", "email", "phone") if name in data}
    fields = {**data, **(custom if isinstance(custom, dict) else {})}
    saved = filled(**own, fields=filled(**fields))
    return [
        *([saved] if saved else []),
        *([{"type": "add_tag", "tags": [*tags]}] if tags else []),
    ]


def _tags(reader: Fields) -> list[dict[str, Json]]:
    tags = tags_of(reader.take("tagName", "tag", "tags", "tag_name", to="tags"))
    return [{"tags": [*tags]}] if tags else []


def _field(reader: Fields) -> list[dict[str, Json]]:
    name = reader.text("fieldName", "field", "field_name", to="field")
    value = reader.text("fieldValue", "value", "field_value", to="value")
    return [{"field": name, "value": value or ""}] if name else []


def _webhook(reader: Fields) -> list[dict[str, Json]]:
    url = reader.text("webhookUrl", "url", "webhook_url", to="url") or ""
    headers = pairs(reader, "headers", "webhookHeaders")
    kept = [pair for pair in headers if not is_secret(pair["name"], pair["value"])]
    for pair in headers:
        if pair not in kept:
            wanted = (
                f"{slug(host_of(url), otherwise='webhook')}_{slug(pair['name'], otherwise='key')}"
            )
            name = need_secret(reader, pair["name"], wanted, pair["value"])
            kept.append({"name": pair["name"], "value": f"{{{{secret.{name}}}}}"})
    if reader.flag("retryOnFailure", "retry"):
        reader.lose("no_retry", field="retryOnFailure")
    secret = reader.text("secret", "webhookSecret", "secretId")
    found = filled(
        url=url,
        method=(
            reader.text("webhookMethod", "method", "webhook_method", to="method") or ""
        ).upper(),
        headers=kept,
        body=body(reader, headers).get("body"),
        timeout=reader.within("timeout", least=1, most=MAX_CALL),
    )
    if secret:
        wanted = f"{slug(host_of(url), otherwise='webhook')}_secret"
        found["secret"] = need_secret(reader, "secret", wanted, secret)
    return [found]


def _email(reader: Fields) -> list[dict[str, Json]]:
    data = reader.mapping("email_data", "emailData")
    inner = inside(reader, {**reader.left, **data} if data else reader.left)
    found = filled(
        to=inner.text("to", "emailTo", "recipient"),
        subject=inner.text("subject", "emailSubject"),
        body=inner.text("body", "emailBody", "content", "message"),
    )
    if template := inner.text("template"):
        reader.lose("field_not_kept", field="template")
        found.setdefault("body", f"[{template}]")
    if data and inner.take("variables"):
        reader.lose("field_not_kept", field="variables")
    reader.forget(
        "to",
        "emailTo",
        "recipient",
        "subject",
        "emailSubject",
        "body",
        "emailBody",
        "content",
        "message",
        "template",
    )
    if reader.flag("retryOnFailure"):
        reader.lose("no_retry", field="retryOnFailure")
    return [found] if found else []


def _notice(reader: Fields) -> list[dict[str, Json]]:
    return [filled(text=reader.text("text", "message"), team=reader.text("team", "department"))]


WRITTEN: Mapping[str, Callable[[Fields], list[dict[str, Json]]]] = {
    "save_contact": _contact,
    "add_tag": _tags,
    "remove_tag": _tags,
    "set_field": _field,
    "webhook": _webhook,
    "email": _email,
    "notify_team": _notice,
}


def _forget_defaults(fields: Fields, parts: list[Extra]) -> None:
    """Passes over what the builder writes into every action, whatever it does."""
    kinds = _kinds(parts)
    for name, values in DEFAULTS.items():
        if not kinds & {*OUTSIDE} and fields.left.get(name) in values:
            fields.forget(name)
    if "email" in kinds:
        fields.forget("webhookMethod", "timeout")


def _kinds(parts: list[Extra]) -> set[Json]:
    """Lists what the actions do; one of our own may be anything, which is the compiler's to say."""
    items = [item for _, data in parts for item in data.get("actions", [])]
    return {item["type"] for item in items if isinstance(item.get("type"), str)}


def _grouped(parts: list[Extra]) -> list[Extra]:
    """Puts neighbours that one node can do together."""
    grouped: list[Extra] = []
    for type, data in parts:
        key = {"action": "actions", "set_variable": "assignments"}.get(type)
        if key and grouped and grouped[-1][0] == type:
            grouped[-1][1][key] = [*grouped[-1][1][key], *data[key]]
        else:
            grouped.append((type, dict(data)))
    return grouped


def handoff(fields: Fields, box: Box) -> Outcome:
    """Reads a handoff; an edge after it counts once the person gives the conversation back."""
    words = fields.text("content", "transferMessage", "transfer_message", to="content")
    if fields.flag("sendTransferMessage") is False:
        if words:
            fields.lose("text_not_sent")
        words = None
    if fields.flag("generateSummary"):
        fields.lose("no_summary", field="generateSummary")
    if variable := fields.text(*STATUS):
        fields.lose("status_not_kept", variable=variable)
    fields.forget("handoffType")
    if not words:
        fields.change("platform_speaks")
    data = filled(
        content=words,
        team=_whom(
            fields,
            "team",
            ("team", "departmentName", "department", "queueName"),
            ("departmentId", "targetDepartmentId", "queueId", "targetQueueId"),
        ),
        agent=_whom(fields, "agent", ("agent", "agentName"), ("agentId", "targetAgentId")),
        priority=_priority(fields),
        note=fields.text("note", "contextMessage", "context_message", "message", to="note"),
    )
    return Outcome("handoff", data, unnamed="released")


def _whom(fields: Fields, kind: str, names: tuple[str, ...], ids: tuple[str, ...]) -> str | None:
    """Reads a team or an agent: by name, which may not be the name here; an id of elsewhere says nothing."""
    ours = kind in fields.left
    name = fields.text(*names, to=kind)
    id = fields.text(*ids)
    if id and not name and not _is_id(id):
        name, id = id, None
    if id:
        fields.lose(
            "id_of_elsewhere", field=next((each for each in ids if each.startswith(kind)), ids[0])
        )
    if name and not ours:
        fields.lose(f"pick_{kind}", name=name)
    return name


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return text.isdecimal()
    return True


def _priority(fields: Fields) -> str | None:
    said = fields.word("priority")
    if said and said not in PRIORITIES:
        fields.lose("unknown_word", field="priority", value=said)
    found = PRIORITIES.get(said)
    if found and found != said:
        fields.change("value_read", field="priority", old=said, new=found)
    return found
