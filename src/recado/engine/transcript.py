"""Tells a turn as somebody who watches the chat would: what the bot says, and in brackets what else happens."""

from collections.abc import Iterable

from recado.engine.advance import Turn
from recado.engine.content import Buttons, Content, ListMenu, Media, Template, words
from recado.engine.effects import (
    Alert,
    Call,
    Consent,
    Effect,
    EndSession,
    Handoff,
    Notify,
    Send,
    TakeBack,
    Track,
    UpdateContact,
)
from recado.engine.options import rows_of
from recado.engine.requests import summary
from recado.engine.values import as_text


def told(turns: Iterable[Turn]) -> list[str]:
    """Tells what some turns did, a line each."""
    return [_line(effect) for turn in turns for effect in turn.effects]


def noted(turns: Iterable[Turn]) -> list[str]:
    """Gives the notes of some turns about what happened: why the bot was silent, for example."""
    return [note.replace("_", " ") for turn in turns for note in turn.trace.notes]


def shown(content: Content) -> str:
    """Writes a message with its options in square brackets, as they stand on the screen."""
    match content:
        case (
            Buttons(header=header, body=body, footer=footer)
            | ListMenu(header=header, body=body, footer=footer)
        ):
            above = words(header) if isinstance(header, Media) else header
            text = " — ".join(part for part in (above, body, footer) if part)
            return " ".join([text, *(f"[{row.title}]" for row in rows_of(content))])
        case Template():
            return " ".join([words(content), *(f"[{row.title}]" for row in rows_of(content))])
    return words(content)


def _line(effect: Effect) -> str:
    match effect:
        case Send(content=content):
            return shown(content)
        case EndSession(status=status, outcome=outcome):
            return f"(the session ends: {', '.join(part for part in (status, outcome) if part)})"
        case Handoff(reason=reason, team=team, agent=agent, priority=priority):
            urgency = None if priority == "normal" else priority
            whom = [part for part in (reason.replace("_", " "), team, agent, urgency) if part]
            return f"(a person is called: {', '.join(whom)})"
        case TakeBack():
            return "(the bot has the conversation again)"
        case Consent(granted=granted):
            return f"(the contact {'takes' if granted else 'refuses'} our messages)"
        case Alert(kind=kind, detail=detail):
            return f"(alert: {kind.replace('_', ' ')}{f' ({detail})' if detail else ''})"
        case Call(request=request):
            return f"(a call goes out: {summary(request)})"
        case Track(event=event, value=value):
            return f"(counted: {event}{f' = {as_text(value)}' if value is not None else ''})"
        case Notify(text=text):
            return f"(the team is told: {text})"
        case UpdateContact(add_tags=added, remove_tags=removed, fields=fields, name=name):
            changes = [] if name is None else [f"name = {name}"]
            changes += [*(f"+{tag}" for tag in added), *(f"-{tag}" for tag in removed)]
            changes += [f"{field} = {as_text(value)}" for field, value in fields.items()]
            return f"(the contact changes: {', '.join(changes)})"
