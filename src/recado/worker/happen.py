"""What a notice means for a conversation: news of a message or a call, a person gives it back, a publish, an end."""

import logging
from typing import assert_never

import structlog

from recado.engine import events
from recado.engine.state import Status
from recado.store.mail import Mail
from recado.store.notices import Called, Migrated, Notice, Released, Settled, Stopped
from recado.store.sessions import Session
from recado.worker.hear import may_run, start
from recado.worker.lane import Lane

log = structlog.get_logger(__name__)


def happen(lane: Lane, mail: Mail) -> None:
    """Takes up a notice; one that concerns nothing that is there any more changes nothing."""
    if log.is_enabled_for(logging.DEBUG):  # else nobody pays for the line
        log.debug("notice", notice=mail.kind, **lane.ids)
    lane.origin = "timer"  # the contact has said nothing that this answers
    if mail.notice:
        _take_up(lane, mail.notice)
    lane.origin = "reply"


def _take_up(lane: Lane, notice: Notice) -> None:
    match notice:
        case Settled():
            _settled(lane, notice)
        case Called():
            _called(lane, notice)
        case Released():
            _released(lane, notice)
        case Migrated():
            _migrated(lane, notice)
        case Stopped():
            _stopped(lane, notice)
        case _:
            assert_never(notice)


def _settled(lane: Lane, notice: Settled) -> None:
    if _hears_news(lane, lane.session):
        event = events.SendSettled(
            **lane.happening(), token=notice.token, accepted=notice.accepted, code=notice.code
        )
        lane.advance(event)


def _called(lane: Lane, notice: Called) -> None:
    """A result that no wait asks for any more changes nothing; where a session is open the journal tells of it."""
    if not _hears_news(lane, lane.session):
        log.info("result_of_nobody", token=notice.token, **lane.ids)
        return
    lane.origin = notice.origin
    event = events.CallFinished(**lane.happening(), token=notice.token, result=notice.result)
    lane.advance(event)


def _hears_news(lane: Lane, session: Session | None) -> bool:
    """Says whether the engine can hear of what came back; while a person has the conversation it keeps that itself."""
    if session is None:
        return False
    if lane.mode != "bot":
        return lane.program(session.flow_version_id) is not None
    return may_run(lane, session)


def _released(lane: Lane, notice: Released) -> None:
    session = lane.session
    if session and may_run(lane, session):
        handed_off = lane.with_a_person or session.state.status is Status.HANDED_OFF
        if handed_off or notice.to != "continue":  # else somebody released it before
            event = events.Released(**lane.happening(), to=notice.to, node=notice.node)
            lane.advance(event)
        return
    if session and lane.program(session.flow_version_id) is None:
        return  # its flow is broken: a person was called this very moment
    if lane.with_a_person or notice.to != "continue":
        _take_back(lane)
    if notice.to == "restart":
        _begin_again(lane)


def _migrated(lane: Lane, notice: Migrated) -> None:
    """Moves the session, if its new version runs and it is not there yet."""
    if lane.session is None or lane.program(notice.version) is None:
        log.info("migration_not_needed", version=notice.version, **lane.ids)
        return
    state = lane.session.state
    places = [
        (state.flow, state.version),
        (state.first_flow, state.first_version),
        *((frame.flow, frame.version) for frame in state.frames),
    ]
    concerned = any(flow == notice.flow and version != notice.version for flow, version in places)
    here = state.flow == notice.flow or lane.program(state.version or "") is not None
    if concerned and here:
        event = events.Migrated(
            **lane.happening(), flow=notice.flow, version=notice.version, moves=notice.moves
        )
        lane.advance(event)


def _stopped(lane: Lane, notice: Stopped) -> None:
    if lane.session and str(lane.session.id) == notice.session:
        lane.stop(notice.reason)
    if notice.again and lane.session is None:
        _take_back(lane)
        _begin_again(lane)


def _take_back(lane: Lane) -> None:
    if lane.mode != "bot":
        lane.set_mode("bot")


def _begin_again(lane: Lane) -> None:
    """Lets the bot begin, where WhatsApp and the contact let it speak; else it begins with the next message."""
    if lane.window is not None and lane.window > lane.at and not lane.contact.opted_out:
        start(lane, None)
