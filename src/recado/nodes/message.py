"""Says something and goes on."""

from typing import ClassVar, Literal

from recado.engine.content import Text
from recado.engine.node import About, Go, Node, Visit, field
from recado.engine.split import split_text

MAX_TEMPLATE = 64_000


class MessageNode(Node):
    """Sends a text; one longer than WhatsApp's 4,096 characters goes out in parts."""

    about: ClassVar[About] = About(
        family="basic",
        icon="message-square",
        name={"pt-BR": "Mensagem", "en": "Message"},
        help={
            "pt-BR": "Envia um texto e segue em frente. Use {{variável}} para preencher valores.",
            "en": "Sends a text and goes on. Use {{variable}} to fill in values.",
        },
        example={"content": "Olá {{nome}}, tudo bem?"},
    )
    type: Literal["message"] = "message"
    content: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=MAX_TEMPLATE
    )
    preview_url: bool = field("Mostrar prévia do link", "Show the link's preview", default=False)
    reply_to_trigger: bool = field(
        "Responder citando a mensagem que iniciou a conversa",
        "Quote the message that began the conversation",
        default=False,
    )

    def run(self, visit: Visit) -> Go:
        """Sends the filled text; a text that is empty once filled is not sent."""
        text = visit.text(self.content)
        if not text.strip():
            visit.note(skipped="empty_text")
        else:
            for part in split_text(text):
                content = Text(part, preview_url=self.preview_url)
                visit.send(content, quote_trigger=self.reply_to_trigger)
        return Go()
