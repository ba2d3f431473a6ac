"""DECIDES: one file per node type, each with its schema, ports, behaviour, texts and one documented example.

Pure like the engine. To add a type: its file here, its name in `AnyNode`, its cases in `tests/nodes/cases/`.
Start reading at `message.py`, the smallest that speaks, then `question.py`, the one that waits.
"""

from typing import get_args

from recado.engine.node import Node
from recado.nodes.action import Action
from recado.nodes.ai_prompt import AiPrompt
from recado.nodes.analytics import Analytics
from recado.nodes.api_call import ApiCall
from recado.nodes.condition import Condition
from recado.nodes.database_query import DatabaseQuery
from recado.nodes.datetime import Datetime
from recado.nodes.delay import Delay
from recado.nodes.end import EndNode
from recado.nodes.handoff import Handoff
from recado.nodes.interactive_buttons import InteractiveButtons
from recado.nodes.interactive_list import InteractiveList
from recado.nodes.jump import Jump
from recado.nodes.message import MessageNode
from recado.nodes.pix import Pix
from recado.nodes.question import Question
from recado.nodes.random import Random
from recado.nodes.script import Script
from recado.nodes.set_variable import SetVariable
from recado.nodes.start import Start
from recado.nodes.whatsapp_template import WhatsappTemplate

AnyNode = (
    Start
    | MessageNode
    | Question
    | Condition
    | Jump
    | Random
    | SetVariable
    | Delay
    | Datetime
    | InteractiveButtons
    | InteractiveList
    | WhatsappTemplate
    | Pix
    | ApiCall
    | AiPrompt
    | DatabaseQuery
    | Script
    | Action
    | Handoff
    | Analytics
    | EndNode
)

NODE_TYPES: dict[str, type[Node]] = {
    kind.model_fields["type"].default: kind for kind in get_args(AnyNode)
}
