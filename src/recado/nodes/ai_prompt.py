"""Asks a language model and keeps what it answers."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from recado.engine.events import CallResult
from recado.engine.json_schema import schema_mistake
from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.requests import Ai
from recado.engine.steps import CallOut, Go, Returned
from recado.engine.traits import Need, name_set

MOST_HISTORY = 20


class AiPrompt(Node):
    """Sends a prompt to a language model; with a schema the answer is an object that fits it."""

    about: ClassVar[About] = About(
        family="ai",
        icon="sparkles",
        name={"pt-BR": "Perguntar à IA", "en": "Ask an AI"},
        help={
            "pt-BR": "Manda uma pergunta a um modelo de linguagem pela conta de IA e guarda a resposta; para mandá-la ao "
            "cliente, use uma mensagem depois. Escreva as regras em “Instruções” e o que o cliente disse na "
            "“Pergunta”. Com saída JSON a resposta é um objeto conferido pelo esquema. Recusa, demora ou resposta sem "
            "sentido saem por “error”, com o valor reserva já guardado.",
            "en": "Sends a prompt to a language model by the AI account and keeps the answer; to send it to the "
            "customer, use a message after it. Write the rules into “Instructions” and what the customer said into "
            "the “Prompt”. With JSON output the answer is an object checked against the schema. A refusal, a time-out "
            "or an answer without sense leaves by “error”, with the fallback already kept.",
        },
        example={
            "account": "assistente",
            "system": "Você atende uma padaria. Responda em uma frase.",
            "prompt": "{{message.text}}",
            "history": 5,
            "save_to": "resposta",
            "fallback": "Vou chamar alguém da equipe.",
        },
    )
    # The answer takes its time, so a loop through it does not spin.
    waits: ClassVar[bool] = True

    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="success"),
        PortRule(id="error", side=True),
    )
    type: Literal["ai_prompt"] = "ai_prompt"
    account: str = field("Conta de IA", "AI account", ui="account", min_length=1, max_length=200)
    model: str | None = field(
        "Modelo",
        "Model",
        default=None,
        min_length=1,
        max_length=200,
        help=("Vazio: o da conta.", "Empty: the account's."),
    )
    system: str = field(
        "Instruções",
        "Instructions",
        default="",
        template=True,
        secrets=True,
        ui="long_text",
        max_length=20_000,
    )
    prompt: str = field(
        "Pergunta",
        "Prompt",
        template=True,
        secrets=True,
        ui="long_text",
        min_length=1,
        max_length=20_000,
    )
    history: int = field(
        "Trocas anteriores",
        "Earlier exchanges",
        default=0,
        ge=0,
        le=MOST_HISTORY,
        help=(
            "Quantas perguntas e respostas desta conversa vão junto.",
            "How many exchanges of this conversation go along.",
        ),
    )
    temperature: float | None = field(
        "Temperatura", "Temperature", default=None, ge=0, le=2, allow_inf_nan=False
    )
    max_tokens: int | None = field("Máximo de tokens", "Most tokens", default=None, ge=1, le=4_000)
    output: Literal["text", "json"] = field("Saída", "Output", default="text")
    answer_schema: dict[str, Any] | None = field(
        "Esquema da resposta", "Schema of the answer", default=None, alias="schema", ui="json"
    )
    save_to: str | None = field(
        "Guardar em", "Keep in", default=None, ui="variable", min_length=1, max_length=100
    )
    fallback: str | None = field(
        "Valor reserva",
        "Fallback",
        default=None,
        template=True,
        ui="long_text",
        max_length=10_000,
        help=(
            "Guardado no lugar da resposta antes de sair por “error”.",
            "Kept in the answer's place before leaving by “error”.",
        ),
    )
    timeout: int = field("Tempo limite (s)", "Time limit (s)", default=30, ge=1, le=120)

    def ports(self) -> tuple[Port, ...]:
        """Has `success`, and `error` at the side."""
        return Port("success"), Port("error", side=True)

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable that keeps the answer, or the fallback."""
        kept = port == "success" or self.fallback is not None
        return name_set(self.save_to) if kept else frozenset()

    def unsets(self, port: str) -> frozenset[str]:
        """Leaves the earlier answer nowhere, where there is neither a new one nor a fallback."""
        return name_set(self.save_to) - self.sets(port)

    def needs(self) -> Iterator[Need]:
        """Needs its account."""
        yield Need("account", self.account, "account")

    def problems(self) -> Iterator[Problem]:
        """Finds a schema that is missing or will not do, and names of our own."""
        yield from check_variable(self.save_to, field="save_to")
        if self.answer_schema is None:
            if self.output == "json":
                yield Problem(code="missing_field", field="schema")
        elif mistake := schema_mistake(self.answer_schema):
            params = {"reason_pt": mistake[0], "reason_en": mistake[1]}
            yield Problem(code="bad_schema", field="schema", params=params)

    def run(self, visit: Visit) -> Go | CallOut:
        """Asks the model, and keeps what comes back."""
        match visit.occasion:
            case Returned(result=result):
                return self._keep(visit, result)
        # Asking twice costs tokens and changes nothing.
        return CallOut(self.request(visit), timeout=self.timeout, repeatable=True)

    def request(self, visit: Visit) -> Ai:
        """Fills the prompt; secrets stay references."""
        return Ai(
            account=self.account,
            prompt=visit.sealed(self.prompt),
            system=visit.sealed(self.system),
            model=self.model,
            history=self.history,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            schema=self.answer_schema if self.output == "json" else None,
        )

    def _keep(self, visit: Visit, result: CallResult) -> Go:
        if tokens := result.tokens_in + result.tokens_out:
            visit.note(tokens=tokens, ms=result.ms)
        if result.ok and self._set(visit, result.value):
            return Go("success")
        if result.detail:
            visit.note(model_said=result.detail)
        self._set(visit, None if self.fallback is None else visit.text(self.fallback))
        return Go("error")

    def _set(self, visit: Visit, value: Any) -> bool:
        return self.save_to is None or visit.set(self.save_to, value)
