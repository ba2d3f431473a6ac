"""Says something and goes on: a text, a file, a place, contact cards, or several of them one after the other."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from recado.engine.content import Contacts, Content, Text
from recado.engine.media import MediaField
from recado.engine.node import About, Node, Visit, field
from recado.engine.places import CardField, LocationField
from recado.engine.problems import Problem
from recado.engine.split import split_text
from recado.engine.steps import Go

MAX_TEMPLATE = 64_000
MAX_CARDS = 257  # Meta's limit


class MessageNode(Node):
    """Sends what it holds as messages of their own: the text (in parts of 4,096 characters), file, place, cards."""

    about: ClassVar[About] = About(
        family="basic",
        icon="message-square",
        name={"pt-BR": "Mensagem", "en": "Message"},
        help={
            "pt-BR": "Envia e segue em frente. Use {{variável}} para preencher valores. O texto sai antes, depois a "
            "mídia, o local e os contatos, cada um como uma mensagem; para o texto sair junto com a mídia, use a legenda.",
            "en": "Sends and goes on. Use {{variable}} to fill in values. The text goes first, then the media, the "
            "location and the contacts, each as a message; to send words together with the media, use its caption.",
        },
        example={"content": "Olá {{nome}}, tudo bem?"},
    )
    type: Literal["message"] = "message"
    content: str | None = field(
        "Texto", "Text", default=None, template=True, ui="long_text", max_length=MAX_TEMPLATE
    )
    media: MediaField | None = field("Mídia", "Media", default=None, ui="media")
    location: LocationField | None = field("Local", "Location", default=None, ui="location")
    contacts: tuple[CardField, ...] = field(
        "Contatos", "Contacts", default=(), ui="contacts", max_length=MAX_CARDS
    )
    preview_url: bool = field("Mostrar prévia do link", "Show the link's preview", default=False)
    reply_to_trigger: bool = field(
        "Responder citando a mensagem que iniciou a conversa",
        "Quote the message that began the conversation",
        default=False,
    )

    def problems(self) -> Iterator[Problem]:
        """Finds a message that says nothing, and mistakes in its file and place."""
        words = bool(self.content and self.content.strip())
        if not (words or self.media or self.location or self.contacts):
            yield Problem(code="nothing_to_say", field="content")
        if self.media:
            yield from self.media.problems(field="media")
        if self.location:
            yield from self.location.problems(field="location")

    @property
    def messages(self) -> int:
        """Counts its text, its file, its place and its contact cards."""
        return sum(map(bool, (self.content, self.media, self.location, self.contacts)))

    def run(self, visit: Visit) -> Go:
        """Sends the filled parts; one that is empty once filled is not sent. The first one quotes."""
        for index, content in enumerate(self._contents(visit)):
            visit.send(content, quote_trigger=self.reply_to_trigger and index == 0)
        return Go()

    def _contents(self, visit: Visit) -> list[Content]:
        contents: list[Content] = []
        if self.content is not None:
            contents += self._texts(visit, self.content)
        if self.media and (media := self.media.fill(visit)):
            contents.append(media)
        if self.location and (location := self.location.fill(visit)):
            contents.append(location)
        if self.contacts:
            cards = tuple(card for field in self.contacts if (card := field.fill(visit)))
            contents += [Contacts(cards)] if cards else []
        return contents

    def _texts(self, visit: Visit, words: str) -> list[Text]:
        parts = split_text(visit.text(words))
        if not parts:
            visit.note(skipped="empty_text")
        return [Text(part, preview_url=self.preview_url) for part in parts]
