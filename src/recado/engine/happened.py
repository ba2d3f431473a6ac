"""Says what an event was and what an effect did, each in one sentence: the frame of an explanation."""

from collections.abc import Sequence
from typing import assert_never

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
from recado.engine.events import (
    CallFinished,
    CallResult,
    Event,
    Message,
    Migrated,
    Released,
    Replied,
    SendSettled,
    Started,
    Stopped,
    TimerFired,
)
from recado.engine.problems import Language
from recado.engine.reasons import CALL_ERRORS, ENDS, FAILURES, HANDOFFS, STOPS
from recado.engine.requests import summary
from recado.engine.values import as_text
from recado.engine.wordings import MESSAGES

QUOTED = 300  # characters of a message
# What a workspace does not have; the call's detail is its name.
MISSING = frozenset(["secret_missing", "connection_missing", "account_missing"])


def happened(event: Event, language: Language) -> str:
    """Says in one sentence what an event was."""
    match event:
        case Started(message=None):
            return pick(("Uma sessão nova começou.", "A new session began."), language)
        case Started(message=message):
            said = _said(message, language) if message else ""
            began = pick(
                ("{said}, e uma sessão nova começou.", "{said}, and a new session began."), language
            )
            return began.format(said=said)
        case Replied(message=message, late=late):
            before = pick((" antes de a pergunta sair", " before the question went out"), language)
            return f"{_said(message, language)}{before if late else ''}."
        case TimerFired():
            return pick(("O tempo da espera acabou.", "The time of the wait was over."), language)
        case CallFinished(result=result):
            return _came_back(result, language)
        case SendSettled(accepted=accepted, code=code):
            return _settled(language, accepted=accepted, code=code)
        case Released():
            return _released(event, language)
        case Migrated():
            moved = (
                "Uma publicação levou a sessão para outra versão do fluxo.",
                "A publish moved the session to another version of the flow.",
            )
            return pick(moved, language)
        case Stopped(reason=reason):
            other = (f"A sessão foi parada ({reason}).", f"The session was stopped ({reason}).")
            return pick(STOPS.get(reason, other), language)
        case _:
            assert_never(event)


def _said(message: Message, language: Language) -> str:
    words = quoted(message.text) if message.text.strip() else ""
    if message.tap:
        verb = ("O cliente tocou em", "The customer tapped")
        return f"{pick(verb, language)} {words or quoted(message.tap.option)}"
    if message.type in ("text", "button"):
        return (
            f"{pick(('O cliente escreveu', 'The customer wrote'), language)} {words or quoted('')}"
        )
    other = (f"uma mensagem ({message.type})", f"a message ({message.type})")
    what = pick(MESSAGES.get(message.type, other), language)
    sent = pick(("O cliente enviou", "The customer sent"), language)
    return f"{sent} {what} {words}".rstrip()


def _settled(language: Language, *, accepted: bool, code: int | None) -> str:
    if accepted:
        return pick(("O WhatsApp aceitou a mensagem.", "WhatsApp accepted the message."), language)
    refused = pick(
        ("O WhatsApp recusou a mensagem{code}.", "WhatsApp refused the message{code}."), language
    )
    return refused.format(code=f" (#{code})" if code else "")


def _came_back(result: CallResult, language: Language) -> str:
    status = f" ({result.status})" if result.status is not None else ""
    time = pick((" em {} ms", " in {} ms"), language).format(result.ms) if result.ms else ""
    if result.ok:
        came = ("O serviço chamado respondeu{}{}.", "The service that was called answered{}{}.")
        return pick(came, language).format(status, time)
    why = pick(
        CALL_ERRORS.get(result.error or "", (result.error or "", result.error or "")), language
    )
    named = f" {quoted(result.detail)}" if result.error in MISSING and result.detail else ""
    failed = ("A chamada não deu certo{}: {}{}.", "The call did not work{}: {}{}.")
    return pick(failed, language).format(status, why, named)


def _released(event: Released, language: Language) -> str:
    match event.to:
        case "continue":
            back = (
                "Uma pessoa devolveu a conversa ao bot, de onde parou.",
                "A person gave the conversation back to the bot, where it stood.",
            )
        case "restart":
            back = (
                "Uma pessoa devolveu a conversa ao bot, do começo.",
                "A person gave the conversation back to the bot, from the start.",
            )
        case "node":
            back = (
                f"Uma pessoa devolveu a conversa ao bot, no nó {quoted(event.node or '')}.",
                f"A person gave the conversation back to the bot, at the node {quoted(event.node or '')}.",
            )
    return pick(back, language)


def consequence(effect: Effect, language: Language, *, told: Sequence[str] = ()) -> str | None:
    """Says in one sentence what an effect did; None for messages, and for a reason that was `told` already."""
    match effect:
        case Send():
            return None
        case EndSession(status=status, outcome=outcome):
            shown = f" ({outcome})" if outcome else ""
            return pick(ENDS[status], language).format(outcome=shown)
        case Handoff(reason=reason):
            return _handed_off(reason, language, told)
        case TakeBack():
            return pick(
                ("O bot está de novo com a conversa.", "The bot has the conversation again."),
                language,
            )
        case UpdateContact():
            return _contact(effect, language)
        case Consent(granted=granted):
            given = ("O contato aceita mensagens nossas.", "The contact takes our messages.")
            refused = ("O contato recusa mensagens nossas.", "The contact refuses our messages.")
            return pick(given if granted else refused, language)
        case Call(request=request):
            asked_for = pick(("Uma chamada saiu: {}.", "A call went out: {}."), language)
            return asked_for.format(summary(request))
        case Track(event=event):
            counted = pick(("O evento {} foi contado.", "The event {} was counted."), language)
            return counted.format(quoted(event))
        case Notify(text=text):
            told_team = pick(("A equipe foi avisada: {}.", "The team was told: {}."), language)
            return told_team.format(quoted(text))
        case Alert(kind=kind, detail=detail):
            about = ": ".join(part for part in (kind if kind not in told else "", detail) if part)
            raised = pick(("Um alerta foi criado{}.", "An alert was raised{}."), language)
            return raised.format(f" ({about})" if about else "")
        case _:
            assert_never(effect)


def _handed_off(reason: str, language: Language, told: Sequence[str]) -> str:
    passed = pick(
        ("A conversa passou para uma pessoa", "The conversation went to a person"), language
    )
    if not reason or reason in told or reason in FAILURES:
        return f"{passed}."
    return f"{passed}: {pick(HANDOFFS.get(reason, (reason, reason)), language)}."


def _contact(effect: UpdateContact, language: Language) -> str:
    named = pick(("agora se chama", "is now called"), language)
    parts = [] if effect.name is None else [f"{named} {quoted(effect.name)}"]
    parts += [
        pick(("ganhou a etiqueta", "got the tag"), language) + f" {quoted(tag)}"
        for tag in effect.add_tags
    ]
    parts += [
        pick(("perdeu a etiqueta", "lost the tag"), language) + f" {quoted(tag)}"
        for tag in effect.remove_tags
    ]
    parts += [f"{name} = {quoted(as_text(value))}" for name, value in effect.fields.items()]
    return f"{pick(('O contato', 'The contact'), language)} {', '.join(parts)}."


def pick(pair: tuple[str, str], language: Language) -> str:
    """Gives the words in a language; Portuguese comes first."""
    return pair[language == "en"]


def quoted(text: str) -> str:
    """Puts a text into quotes, on one line, and not longer than people read."""
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= QUOTED else f"“{line[: QUOTED - 1]}…”"
