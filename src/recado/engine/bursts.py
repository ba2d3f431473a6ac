"""What becomes of messages that come in quick succession, by the question's `burst`.

`fresh`: only what came after the question was sent; `each`: every message answers one question; `merge`: all that
comes until it is silent for some seconds is one answer; `newest`: the last one answers, the others are history.
"""

from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from recado.engine.events import Message
from recado.engine.state import Pending
from recado.engine.waits import gathering

if TYPE_CHECKING:
    from recado.engine.run import Run

MOST_GATHERED = 50
PENDING_MESSAGES = 50
PENDING_BYTES = 64_000


def keep_pending(run: "Run", message: Message) -> None:
    """Keeps a message for the next question, within bounds; what is over them stays in the history only.

    It is late for that question, which is not even asked yet.
    """
    kept = [pending.message for pending in run.pending]
    if len(kept) >= PENDING_MESSAGES or _size([*kept, message]) > PENDING_BYTES:
        return run.remark("pending_full")
    run.pending.append(Pending(message))
    return run.remark("kept_pending")


def keep_late(run: "Run", message: Message) -> None:
    """Keeps a message that came before the question was sent, as `{{late}}`; the newest ones where space is short."""
    run.late = [*run.late, message][-PENDING_MESSAGES:]
    while len(run.late) > 1 and _size(run.late) > PENDING_BYTES:
        run.late.pop(0)
    run.remark("late_message")


def take_pending(run: "Run", *, delay: bool) -> Message | None:
    """Takes the kept message that ends the wait which has just begun; None when none does."""
    if not run.pending:
        return None
    burst = run.burst()
    if tapped := next((kept for kept in run.pending if _taps_this(run, kept.message)), None):
        run.pending.remove(tapped)
        return tapped.message
    if delay:
        ends = run.wait is not None and run.wait.until_reply and burst != "fresh"
        return run.pending.pop(0).message if ends and run.pending else None
    match burst:
        case "each":
            return run.pending.pop(0).message if run.pending else None
        case "merge":
            while run.pending:
                if (whole := gather(run, run.pending.pop(0).message)) is not None:
                    return whole
            return None
        case "newest":
            kept, run.pending = run.pending, []
            return kept[-1].message if kept else None
    while run.pending:
        keep_late(run, run.pending.pop(0).message)
    return None


def gather(run: "Run", message: Message) -> Message | None:
    """Adds a part to the burst; gives the whole when it has as many parts as the question takes."""
    if run.wait is None:
        return None
    run.gathered.append(message)
    most = run.wait.most if run.wait.most and run.wait.most > 1 else MOST_GATHERED
    if len(run.gathered) >= most or _size(run.gathered) >= PENDING_BYTES:
        whole, run.gathered = gathered(run.gathered), []
        run.wait = structs.replace(run.wait, gather_until=None)
        return whole
    run.wait = gathering(run.wait, run.now, run.settings)
    run.remark("gathering")
    return None


def hold_newest(run: "Run", message: Message) -> None:
    """Holds a message back while more wait to be taken up; it answers at once if none of them can."""
    run.gathered = [message]
    if run.wait is not None:
        run.wait = structs.replace(run.wait, gather_until=run.now)
    run.remark("superseded")


def gathered(parts: list[Message]) -> Message:
    """Makes one message of a burst: the texts as lines, the pictures and places as a list."""
    if len(parts) == 1:
        return parts[0]
    text = "\n".join(part.text for part in parts if part.text)
    objects = [part.value for part in parts if part.type != "text"]
    kinds = [part.type for part in parts if part.type != "text"]
    last = parts[-1]
    return structs.replace(
        last, type=kinds[0] if kinds else "text", text=text, value=objects or text, tap=None
    )


def _taps_this(run: "Run", message: Message) -> bool:
    """Says whether a message is a tap on the very asking that waits, which is never late."""
    tap = message.tap
    return tap is not None and run.wait is not None and tap.visit == run.wait.token


def _size(messages: list[Message]) -> int:
    """Measures messages as they are stored; the value of a text is the text once more and not counted."""
    return sum(
        len(kept.text.encode())
        + (len(msgspec.json.encode(kept.value)) if kept.type != "text" else 0)
        for kept in messages
    )
