"""Authors' regular expressions, in RE2: linear time whatever the pattern."""

from functools import lru_cache

import re2

MAX_PATTERN = 1_000
MAX_MEMORY = 1_000_000  # bytes a compiled pattern may take


def bad_pattern(pattern: str) -> str | None:
    """Says why a pattern cannot be used, or None when it can."""
    if len(pattern) > MAX_PATTERN:
        return f"> {MAX_PATTERN}"
    try:
        compiled(pattern)
    except re2.error as error:
        return _words(error)
    except UnicodeEncodeError:
        return "half a sign"  # a lone surrogate, as JSON can bring it
    return None


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> "re2._Regexp":
    """Compiles a pattern, or raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    return re2.compile(pattern, options)


def _words(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
