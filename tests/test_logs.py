"""What the log says of a failure: its type and place, never its words, which may quote a message."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from recado.cli.logs import set_up_logs

WORDS = "the customer wrote: segredo"


def _break() -> None:
    try:
        raise KeyError(WORDS)
    except KeyError as problem:
        raise RuntimeError(WORDS) from problem


def _caught() -> RuntimeError:
    try:
        _break()
    except RuntimeError as problem:
        return problem
    raise AssertionError("nothing was raised")


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Leaves nothing of a server's logs to the next test."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("by_name", [True, False])
def test_a_failure_is_logged_with_its_type_and_place_and_without_its_words(
    capsys: pytest.CaptureFixture[str], by_name: bool
) -> None:
    set_up_logs("info")
    log = structlog.get_logger()

    if by_name:
        log.error("step_failed", loop="turn", exc_info=_caught())
    else:
        try:
            _break()
        except RuntimeError:
            log.exception("request_failed", request_id="1")

    text = capsys.readouterr().err
    line = json.loads(text)
    assert line["error"] == "RuntimeError"
    assert "test_logs.py" in line["where"]
    assert "in _break" in line["where"]
    assert "KeyError" in line["where"]  # what it came of
    assert "segredo" not in text
    assert "exc_info" not in line


def test_a_librarys_failure_is_logged_without_its_words_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    set_up_logs("info")

    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=_caught())

    text = capsys.readouterr().err
    assert "RuntimeError" in text
    assert "in _break" in text
    assert "segredo" not in text


def test_a_line_without_a_failure_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info")

    structlog.get_logger().info("turn_done", conversation="1")

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["conversation"]) == ("turn_done", "1")
    assert line.keys() == {"event", "conversation", "level", "timestamp"}
