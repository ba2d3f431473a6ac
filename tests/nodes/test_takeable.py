"""Whatever placeholders are filled with, what the speaking nodes send is something WhatsApp takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.content import Content
from recado.engine.effects import Send
from recado.whatsapp.fake_rules import Known, check
from recado.whatsapp.messages import Recipient, payload
from tests.engine.script import Script, program_of

ANA = Recipient(phone="5511987654321")
X, Y = "{{x}}", "{{y}}"


class AnyMedia:
    """A number that has uploaded every file."""

    def __contains__(self, _: object) -> bool:
        return True


NODES: dict[str, tuple[str, dict[str, Any]]] = {
    "buttons": (
        "interactive_buttons",
        {
            "header": X,
            "content": Y,
            "footer": X,
            "buttons": [
                {"id": "a", "title": X},
                {"id": "b", "title": Y},
                {"id": "c", "title": "C"},
            ],
        },
    ),
    "buttons under a picture": (
        "interactive_buttons",
        {
            "header": {"media": {"type": "image", "url": X}},
            "content": Y,
            "buttons": [{"id": "a" * 180, "title": f"{X} {Y}"}],
        },
    ),
    "list": (
        "interactive_list",
        {
            "header": X,
            "content": Y,
            "footer": X,
            "button": Y,
            "sections": [
                {"title": X, "rows": [{"id": "a", "title": X, "description": Y}]},
                {"title": Y, "rows": [{"id": "b" * 180, "title": Y, "description": X}]},
            ],
        },
    ),
    "question": (
        "question",
        {"content": X, "options": [{"value": "a", "label": Y}, "b", "c", "d"]},
    ),
    "message": (
        "message",
        {
            "content": X,
            "media": {"type": "document", "url": X, "caption": Y, "filename": Y},
            "location": {"latitude": X, "longitude": Y, "name": X, "address": Y},
            "contacts": [{"name": X, "phones": [Y], "emails": [X]}, {"name": Y}],
        },
    ),
    "file by id": ("message", {"media": {"type": "audio", "media_id": X}}),
    "end": ("end", {"content": X}),
}
texts = (
    st.text(max_size=40)
    | st.text(" \n\t\u00a0\u200b", max_size=5)
    | st.sampled_from(
        ["", "https://x.br/a b.png", "https://", "-23,55", "181", "nan", "Pão", "pao"]
    )
    | st.text(min_size=1, max_size=3).map(lambda part: part * 1_500)
)
values = (
    texts | st.integers() | st.floats() | st.booleans() | st.lists(st.text(max_size=5), max_size=3)
)


def sent(type: str, data: dict[str, Any], variables: dict[str, Any]) -> list[Content]:
    document = {
        "nodes": [{"id": "start", "type": "start"}, {"id": "node", "type": type, "data": data}],
        "edges": [{"id": "e", "source": "start", "target": "node"}],
    }
    script = Script(program_of(document))
    script.play.program = program_of({**document, "variables": variables})
    turns = script.step("oi")
    if script.play.state and script.play.state.wait:
        turns += script.step("nada disso, por favor")
    return [e.content for turn in turns for e in turn.effects if isinstance(e, Send)]


@pytest.mark.parametrize("name", NODES)
@given(x=values, y=values)
def test_what_is_sent_is_taken(name: str, x: Any, y: Any) -> None:
    type, data = NODES[name]
    known = Known(media=AnyMedia(), inbound=frozenset())

    contents = sent(type, data, {"x": x, "y": y})

    refused = [why for content in contents if (why := check(payload(content, to=ANA), known))]
    assert refused == []
