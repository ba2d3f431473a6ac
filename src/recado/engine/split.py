"""Cuts a text that is too long for one message."""

# WhatsApp's limit for a text, counted in code points: Meta does not say which unit it counts.
MAX_TEXT = 4_096
MARKS = ("\n\n", "\n", " ")


def split_text(body: str, limit: int = MAX_TEXT) -> list[str]:
    """Cuts at a paragraph, else a line, else a word, else anywhere; blanks at the cuts go. Blank text gives nothing."""
    pieces: list[str] = []
    rest = body.strip() if len(body) > limit else body
    while len(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest.strip() else pieces


def _cut(text: str, limit: int) -> int:
    # Better a line's end late in the piece than a paragraph's near its beginning: each message is billed.
    for earliest in (limit // 2, 1):
        for mark in MARKS:
            place = text.rfind(mark, earliest, limit + len(mark))
            if place > 0:
                return place
    return limit
