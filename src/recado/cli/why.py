"""`recado why`: tells in plain words which turn, node, rule and values led to a message."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from recado.cli.reading import reading
from recado.config import Settings
from recado.engine.effects import Call
from recado.engine.explain import Line, Names, explain
from recado.engine.happened import consequence, happened, pick, quoted
from recado.engine.problems import Language
from recado.store import journal_reading as store
from recado.store.journal_reading import FoundMessage, JournalTurn
from recado.store.pool import Db

NOWHERE = (
    "Nenhum turno enviou esta mensagem: é um aviso do próprio Recado ou foi escrita por uma pessoa.",
    "No turn sent this message: it is a notice of Recado's own, or a person wrote it.",
)
UNANSWERED = (
    "Nenhum turno respondeu a esta mensagem: ela só está no histórico.",
    "No turn took this message up: it is in the history only.",
)


async def why(
    settings: Settings, reference: str, console: Console, *, language: Language | None
) -> bool:
    """Prints what led to a message, given by our id or Meta's; says whether there is such a message."""
    async with reading(settings) as db:
        message = await store.find_message(db, reference)
        if message is None:
            console.print(f"There is no message {escape(reference)}.")
            return False
        turns = await store.turns_of_message(db, message)
        before = await _before(db, message, turns)
        versions = store.visited_versions(turns)
        names = await store.node_labels(db, message.workspace_id, versions)
    spoken: Language = language or ("en" if message.locale == "en" else "pt-BR")
    for line in tell(message, turns, names, language=spoken, before=before):
        console.print(escape(line))
    return True


async def _before(
    db: Db, message: FoundMessage, turns: Sequence[JournalTurn]
) -> Sequence[JournalTurn]:
    """Finds what led to a turn that no message of the customer's began: the calls and waits before it."""
    match turns:
        case [JournalTurn(message_id=None) as turn] if message.direction == "out":
            return await store.turns_before(db, message, turn)
    return ()


def tell(
    message: FoundMessage,
    turns: Sequence[JournalTurn],
    names: Names,
    *,
    language: Language,
    before: Sequence[JournalTurn] = (),
) -> Iterator[str]:
    """Tells a message, in a line each what came before, and its turns; an arrow marks where the message comes from."""
    yield _head(message, language)
    for turn in before:
        calls = [each for each in turn.effects if isinstance(each, Call)]
        said = [happened(turn.event, language), *(consequence(call, language) for call in calls)]
        yield " ".join([pick(("Antes:", "Before:"), language), *filter(None, said)])
    if not turns:
        yield pick(NOWHERE if message.direction == "out" else UNANSWERED, language)
    for turn in turns:
        lines = explain(turn.event, turn.trace, turn.effects, language=language, names=names)
        yield ""
        yield _place(turn, language)
        yield from _until(lines, turn.sent.index(message.id) if message.id in turn.sent else None)


def _head(message: FoundMessage, language: Language) -> str:
    at = message.at.astimezone(ZoneInfo(message.timezone)).strftime("%Y-%m-%d %H:%M:%S")
    who = message.contact or message.phone or "?"
    told = {
        "out": ("{at}, o bot disse a {who}: {text}", "{at}, the bot said to {who}: {text}"),
        "in": ("{at}, {who} escreveu: {text}", "{at}, {who} wrote: {text}"),
    }[message.direction]
    return pick(told, language).format(at=at, who=who, text=quoted(message.text))


def _place(turn: JournalTurn, language: Language) -> str:
    if turn.flow_name is None:
        gone = ("Em um fluxo que não existe mais:", "In a flow that is gone:")
        return pick(gone, language)
    place = ("No fluxo {name}, versão {number}:", "In the flow {name}, version {number}:")
    return pick(place, language).format(name=quoted(turn.flow_name), number=turn.flow_version)


def _until(lines: Sequence[Line], wanted: int | None) -> Iterator[str]:
    """Gives the sentences up to the one that accounts for the wanted message; all of them when none is wanted."""
    for line in lines:
        here = wanted is not None and wanted in line.sends
        yield f"{'→' if here else ' '} {line.text}"
        if here:
            return
