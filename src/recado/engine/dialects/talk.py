"""start, message, question, end: how other builders write them."""

from recado.engine.dialects.box import Box
from recado.engine.dialects.fields import Fields, filled, inside
from recado.engine.dialects.menus import choices, menu
from recado.engine.dialects.outcome import Extra, Outcome
from recado.engine.dialects.words import ANSWERS, CHECKED, MEDIA, tags_of
from recado.engine.events import Json

TEXTS = ("content", "messageText", "questionText", "farewellMessage", "bodyText", "text")
HANDS_OVER = ("trigger_handoff", "triggerHandoff", "transfer", "handoff")
MAX_CAPTION = 1_024


def start(fields: Fields, box: Box) -> Outcome:
    """Reads the start: a greeting becomes a message after it, initial variables become the flow's."""
    done = Outcome("start", filled(triggers=_triggers(fields, box)))
    variables = fields.take("variables", "initialVariables", "initial_variables")
    for name, value in initial(variables).items():
        done.variables[name] = value
        fields.change("variable_set", name=name)
    if greeting := fields.text("greeting", "message", "content", "text", "messageText"):
        done.after.append(("message", {"content": greeting}))
    return done


def initial(variables: Json) -> dict[str, Json]:
    """Reads initial variables, an object or a list of names with values."""
    match variables:
        case dict():
            return variables
        case list():
            named = [(_name(item), item) for item in variables if isinstance(item, dict)]
            return {name: _first(item, "value", "defaultValue") for name, item in named if name}
    return {}


def _name(item: dict[str, Json]) -> str | None:
    name = item.get("name", item.get("variableName"))
    return name if isinstance(name, str) and name else None


def _first(item: dict[str, Json], *names: str) -> Json:
    return next((item[name] for name in names if name in item), "")


def _triggers(fields: Fields, box: Box) -> Json:
    if box.said.startswith("trigger_") and box.said != "trigger_keyword":
        fields.lose("trigger_not_kept", type=box.said)
    given = fields.left.pop("triggers", None)
    words = fields.items("keywords", "keyword", "words", to="triggers")
    spoken = [word.strip() for item in words if isinstance(item, str) for word in item.split(",")]
    kept = [word for word in spoken if word]
    return [{"type": "keyword", "words": kept}] if kept else given


def message(fields: Fields, box: Box) -> Outcome:
    """Reads a message: text, a file with its caption, a place, buttons, and the pause before it."""
    if fields.left.get("buttons"):
        fields.change("type_changed", old="message", new="interactive_buttons")
        return menu(fields, box)
    text = fields.text(*TEXTS, "message", "question", to="content")
    kind = "image" if box.said == "msg_image" else _media_kind(fields)
    done = Outcome("message", {})
    done.data = {**filled(content=text), **_attached(fields, kind, text)}
    if done.data.pop("captioned", False):
        done.data.pop("content", None)
        fields.change("text_is_caption")
    if (pause := fields.number("delay")) and pause > 0:
        done.before.append(("delay", {"amount": pause, "unit": "seconds"}))
    if fields.flag("autoAdvance") is False:
        fields.lose("always_advances")
    return done


def _media_kind(fields: Fields) -> str:
    said = fields.word("messageType", "mediaType")
    if said and said not in MEDIA:
        fields.lose("unknown_word", field="messageType", value=said)
    return MEDIA.get(said, "")


def _attached(fields: Fields, kind: str, text: str | None) -> dict[str, Json]:
    """Gives the file or place of a message; `captioned` says that the text went into its caption."""
    if kind == "location":
        return _location(fields)
    if isinstance(fields.left.get("media"), dict):
        return {"media": fields.left.pop("media")}
    url = fields.text("mediaUrl", "media_url", "imageUrl", "image", "url", to="media")
    if not url:
        if kind not in ("", "text"):
            fields.lose("media_without_address", type=kind)
        fields.forget("caption", "filename")
        return {}
    if not kind:
        kind = _guessed(url)
        fields.change("media_guessed", type=kind)
    if kind == "text":
        fields.lose("media_not_sent", field="mediaUrl")
        return {}
    return _media(fields, kind, url, text)


def _media(fields: Fields, kind: str, url: str, text: str | None) -> dict[str, Json]:
    caption = fields.text("caption")
    name = fields.text("filename", "fileName")
    captioned = not caption and bool(text) and len(text or "") <= MAX_CAPTION and kind != "audio"
    caption = text if captioned else caption
    if kind in ("audio", "sticker") and caption:
        fields.lose("field_not_kept", field="caption")
        caption = None
    media = filled(type=kind, url=url.strip(), caption=caption, filename=name)
    return {"media": media, "captioned": captioned}


def _guessed(url: str) -> str:
    ending = url.split("?", 1)[0].rsplit(".", 1)[-1].casefold()
    kinds = {
        "image": ("jpg", "jpeg", "png", "webp"),
        "video": ("mp4", "3gp"),
        "audio": ("mp3", "ogg", "m4a"),
    }
    return next((kind for kind, endings in kinds.items() if ending in endings), "document")


def _location(fields: Fields) -> dict[str, Json]:
    place = inside(fields, fields.mapping("location") or fields.left)
    found = filled(
        latitude=place.take("latitude", "lat"),
        longitude=place.take("longitude", "lng", "long"),
        name=place.text("locationName", "name"),
        address=place.text("address"),
    )
    fields.forget(*("latitude", "lat", "longitude", "lng", "long", "locationName", "address"))
    if {"latitude", "longitude"} <= found.keys():
        return {"location": found}
    fields.lose("location_without_place")
    return {}


def question(fields: Fields, box: Box) -> Outcome:
    """Reads a question: its kind of answer, its rules, its options; after too many tries the flow went on."""
    rules = inside(fields, fields.mapping("validation", "responseValidation"))
    kind = _kind(fields, rules)
    done = Outcome("question", {}, goes_on=("invalid",))
    options, links = choices(fields, fields.items("options") or rules.items("choices"))
    text = fields.text(*TEXTS, "question", "message", to="content")
    name = fields.variable(
        "variableName",
        "outputVariable",
        "variable",
        "responseVariable",
        "resultVariable",
        "output_variable",
        "responseVar",
        to="variableName",
    )
    if options and kind not in (None, "options"):
        fields.lose("options_not_shown", kind=kind)
        options, links = [], []
    shown = kind if kind != "text" and not (kind == "options" and options) else None
    done.data = filled(content=text, variableName=name, answer=shown, options=options)
    done.data |= filled(validation=_validation(fields, rules))
    if links:
        done.data["route_by_option"] = True
        done.links, done.goes_on = links, ()
    if kind == "date":
        fields.change("date_kept", variable=name or "x")
    elif kind in CHECKED:
        fields.change("answer_checked", kind=kind)
    return done


def _kind(fields: Fields, rules: Fields) -> str | None:
    said = fields.word("responseType", "validationType", "answerType", to="answer")
    said = said or rules.word("type")
    if not said:
        return fields.word("answer") or None
    if said not in ANSWERS:
        fields.lose("unknown_word", field="responseType", value=said)
        return None
    return ANSWERS[said]


def _validation(fields: Fields, rules: Fields) -> dict[str, Json]:
    if rules.flag("required") is False:
        fields.lose("always_required")
    found = filled(
        min=rules.take("min", "minimum"),
        max=rules.take("max", "maximum"),
        min_length=rules.within("min_length", "minLength", least=0, most=4_096),
        max_length=rules.within("max_length", "maxLength", least=1, most=64_000),
        pattern=rules.text("pattern", "regex"),
        message=rules.text("message", "errorMessage", "error_message")
        or fields.text("errorMessage"),
        max_attempts=_attempts(rules, fields),
    )
    return {**found, **rules.settle(())}


def _attempts(rules: Fields, fields: Fields) -> int | None:
    """Takes the most tries, from the rules or from beside them."""
    names = ("max_attempts", "maxAttempts")
    within = rules.within(*names, least=1, most=20)
    beside = fields.within(*names, to="validation", least=1, most=20)
    if within is not None and beside not in (None, within):
        fields.lose("said_otherwise", field="maxAttempts", kept="validation.maxAttempts")
    return beside if within is None else within


def end(fields: Fields, box: Box) -> Outcome:
    """Reads the end: one that hands over becomes a handoff, its tag is given before."""
    text = fields.text(*TEXTS, "message", to="content")
    tags = [*tags_of(fields.take("addTag", to="tags")), *tags_of(fields.take("tags"))]
    reason = fields.text("endReason", to="outcome")
    if fields.flag("sendFarewell") is False and text:
        fields.lose("text_not_sent")
        text = None
    if fields.flag("sendSummary"):
        fields.lose("no_summary", field="sendSummary")
    fields.forget("saveConversation")
    hands_over = fields.word("endType") == "handoff" or reason == "transferred"
    stays = fields.flag("closeConversation") is False
    asked = [fields.flag(name) for name in HANDS_OVER]
    if any(asked) or hands_over:
        return _handed_over(fields, text, tags)
    if stays:
        fields.lose("stays_open")
    return Outcome("end", filled(content=text, outcome=reason, tags=tags))


def _handed_over(fields: Fields, text: str | None, tags: list[str]) -> Outcome:
    fields.change("type_changed", old="end", new="handoff")
    if not text:
        fields.change("platform_speaks")
    before: list[Extra] = []
    if tags:
        before = [("action", {"actions": [{"type": "add_tag", "tags": [*tags]}]})]
    return Outcome("handoff", filled(content=text), before=before)
