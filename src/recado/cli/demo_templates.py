"""The templates of the demo's number: approved by the fake Meta, and known to Recado as a sync would make them."""

from uuid import UUID

from recado.store.pool import Db
from recado.store.templates import SeenTemplate, replace_templates
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import FakeTemplate

TEMPLATES = (
    FakeTemplate(
        id="100000000000201",
        name="lembrete_consulta",
        language="pt_BR",
        category="UTILITY",
        components=(
            {"type": "HEADER", "format": "TEXT", "text": "Sua consulta"},
            {
                "type": "BODY",
                "text": "Olá {{1}}, sua consulta é {{2}}. Você vem?",
                "example": {"body_text": [["Ana", "amanhã às 10h"]]},
            },
            {"type": "FOOTER", "text": "Para não receber mais avisos, escreva PARAR"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Confirmar"},
                    {"type": "QUICK_REPLY", "text": "Remarcar"},
                ],
            },
        ),
    ),
    FakeTemplate(
        id="100000000000202",
        name="pedido_enviado",
        language="pt_BR",
        category="UTILITY",
        parameter_format="NAMED",
        components=(
            {
                "type": "BODY",
                "text": "{{nome}}, seu pedido {{pedido}} saiu para entrega.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "nome", "example": "Ana"},
                        {"param_name": "pedido", "example": "1042"},
                    ]
                },
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Acompanhar",
                        "url": "https://example.com/pedidos/{{1}}",
                        "example": ["https://example.com/pedidos/1042"],
                    }
                ],
            },
        ),
    ),
)


def approve(fake: FakeMeta, waba_id: str) -> None:
    """Gives the templates to a fake Meta, which forgets them when it ends."""
    for template in TEMPLATES:
        fake.add_template(waba_id, template)


async def keep(db: Db, workspace_id: UUID, waba_id: str) -> None:
    """Stores the templates as the first sync would."""
    seen = [
        SeenTemplate(
            meta_id=template.id,
            name=template.name,
            language=template.language,
            category=template.category,
            status=template.status,
            quality=template.quality,
            rejected_reason=None,
            parameter_format=template.parameter_format,
            components=template.components,
        )
        for template in TEMPLATES
    ]
    await replace_templates(db, workspace_id, waba_id, seen)
