"""Makes waits, and says when a session's time to live is over.

The time to live runs only while waiting for a reply: it counts from the customer's last word or the asking, whichever
is later, and never ends before the question's own timeout.
"""

from datetime import datetime, timedelta

from msgspec import structs

from recado.engine.settings import DEFAULT_SILENCE, DEFAULT_TTL, Settings
from recado.engine.state import Wait
from recado.engine.steps import WaitForPerson, WaitForReply, WaitUntil

USUAL_TTL = timedelta(seconds=DEFAULT_TTL)


def waiting_for_reply(step: WaitForReply, token: str, now: datetime, settings: Settings) -> Wait:
    """Makes a question's wait, with the reminder and the end that the inactivity rule asks for."""
    wait = Wait(
        "reply",
        token,
        since=now,
        until=_after(now, step.timeout),
        burst=step.burst,
        # The parts of an album come together; the silence that the author set is for people who write.
        silence=DEFAULT_SILENCE if step.most else None,
        most=step.most,
    )
    return still_silent(wait, now, settings)


def still_silent(wait: Wait, now: datetime, settings: Settings) -> Wait:
    """Begins the inactivity rule's count anew: the customer was asked or wrote just now."""
    rule = settings.inactivity
    if rule is None and wait.remind_at is None and wait.close_at is None:
        return wait
    return structs.replace(
        wait,
        remind_at=_after(now, rule.remind_after) if rule and rule.text else None,
        close_at=_after(now, rule.end_after) if rule else None,
    )


def waiting_until(step: WaitUntil, token: str, now: datetime) -> Wait:
    """Makes a delay's wait."""
    return Wait(
        "time",
        token,
        since=now,
        until=step.moment,
        until_reply=step.until_reply,
        typing=step.typing,
    )


def waiting_for_person(step: WaitForPerson, token: str, now: datetime) -> Wait:
    """Makes the wait for somebody who takes the conversation."""
    return Wait("person", token, since=now, until=_after(now, step.timeout))


def gathering(wait: Wait, now: datetime, settings: Settings) -> Wait:
    """Waits for more of a burst: it is complete when nothing came for some seconds."""
    silence = wait.silence or settings.burst_silence or DEFAULT_SILENCE
    return structs.replace(wait, gather_until=now + timedelta(seconds=silence))


def expiry(wait: Wait, last_inbound_at: datetime | None, settings: Settings) -> datetime:
    """Says when the session is too old to go on with the next message."""
    ttl = timedelta(seconds=settings.session_ttl) if settings.session_ttl else USUAL_TTL
    silent_since = wait.since
    if last_inbound_at is not None and last_inbound_at > silent_since:
        silent_since = last_inbound_at
    return silent_since + (max(ttl, wait.until - wait.since) if wait.until else ttl)


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return now + timedelta(seconds=seconds) if seconds else None
