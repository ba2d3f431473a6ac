"""Log lines: JSON for machines, plain columns at a terminal. Never a message's body, never a secret.

Of a failure the log tells its type and where it happened, never its own words, which may quote a message.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

import structlog


def set_up_logs(level: str) -> None:
    """Sends structlog's and the libraries' lines to standard error, from this level up."""
    number = getattr(logging, level.upper())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_failure,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _place_failure(
    _: object, method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Puts `error` and `where` in the place of `exc_info`, which may be the failure or True for the present one."""
    given = line.pop("exc_info", None)
    failure = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if failure is not None:
        line["error"], line["where"] = type(failure).__name__, _where(failure)
    return line


class _Formatter(logging.Formatter):
    """Tells the libraries' failures in the same way."""

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Gives what goes below the line."""
        return "" if ei[1] is None else f"{type(ei[1]).__name__}\n{_where(ei[1])}"


def _where(failure: BaseException) -> str:
    """Lists the frames of a failure and of those it came of, each with its type."""
    return "".join(_frames(failure))


def _frames(failure: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    at: BaseException | None = failure
    while at is not None and id(at) not in seen:
        if seen:
            yield f"caused by {type(at).__name__}\n"
        seen.add(id(at))
        yield from traceback.format_list(traceback.extract_tb(at.__traceback__))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
