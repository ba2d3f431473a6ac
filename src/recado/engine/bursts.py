"""What becomes of messages that come in quick succession, by the question's `burst`.

`fresh`: only what came after the question was sent; `each`: every message answers one question; `merge`: all that
comes until it is silent for some seconds is one answer; `newest`: the last one answers, the others are history.
"""

from typing import TYPE_CHECKING

from msgspec import structs

from recado.engine.events import Message
from recado.engine.waits import gathering

if TYPE_CHECKING:
    from recado.engine.run import Run

MOST_GATHERED = 50


def take_pending(run: "Run") -> Message | None:
    """Takes the kept message that answers the question which now waits; None when none does."""
    match run.burst():
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
        kept_one = run.pending.pop(0)
        if not kept_one.late:
            return kept_one.message
        run.keep_late(kept_one.message)
    return None


def gather(run: "Run", message: Message) -> Message | None:
    """Adds a part to the burst; gives the whole when it has as many parts as the question takes."""
    if run.wait is None:
        return None
    run.gathered.append(message)
    most = run.wait.most if run.wait.most and run.wait.most > 1 else MOST_GATHERED
    if len(run.gathered) >= most:
        whole, run.gathered = gathered(run.gathered), []
        run.wait = structs.replace(run.wait, gather_until=None)
        return whole
    run.wait = gathering(run.wait, run.now, run.settings)
    run.remark("gathering")
    return None


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
