"""Asks for a Pix payment: the QR code and the "copia e cola", or an order inside WhatsApp where the account may."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import AliasChoices

from recado.engine.content import OrderItem, PixOrder, QrCode, Text
from recado.engine.media import CAPTION
from recado.engine.node import About, Node, Port, Visit, check_length, check_variable, field
from recado.engine.pix import (
    ANY_TXID,
    MAX_AMOUNT,
    MAX_CITY,
    MAX_NAME,
    PixKey,
    br_code,
    plain,
    read_amount,
    read_key,
    read_txid,
)
from recado.engine.pix_order import (
    ITEM_NAME,
    MAX_ITEMS,
    Money,
    PixItem,
    amount_of,
    cents,
    check_name,
    is_fixed,
    total_of,
)
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Entered, Go, Settled, Stay, Step, WaitForSend
from recado.engine.traits import name_set


@dataclass(frozen=True, slots=True)
class _Charge:
    """What is asked for, once everything is filled in."""

    key: PixKey
    amount: Decimal | None
    txid: str
    code: str


class Pix(Node):
    """Sends a BR Code as QR image and as a text to copy; a value that is no good leaves by *error*."""

    about: ClassVar[About] = About(
        family="whatsapp",
        icon="qr-code",
        name={"pt-BR": "Pix", "en": "Pix"},
        help={
            "pt-BR": "Cobra por Pix: envia o QR code com o texto e, numa mensagem só dele, o código copia e cola. "
            "Sem valor, quem paga escolhe quanto. O Recado não fica sabendo do pagamento: confira no seu banco.",
            "en": "Asks for a payment by Pix: sends the QR code with the text and, in a message of its own, the code "
            "to copy. Without an amount the payer chooses. Recado does not learn of the payment: look at your bank.",
        },
        example={
            "key": "12.ABC.345/01DE-35",
            "amount": "{{total}}",
            "txid": "PEDIDO{{pedido}}",
            "merchant_name": "Padaria da Ana",
            "merchant_city": "São Paulo",
            "content": "Seu pedido deu {{total | money('BRL')}}. É só pagar por aqui:",
            "save_to": "pix",
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="next"),
        PortRule(id="error", side=True),
    )
    type: Literal["pix"] = "pix"
    key: str = field(
        "Chave Pix",
        "Pix key",
        template=True,
        min_length=1,
        max_length=1_000,
        help=(
            "CPF, CNPJ, e-mail, telefone com +55 ou chave aleatória.",
            "CPF, CNPJ, e-mail, telephone with +55 or a random key.",
        ),
    )
    amount: Money | None = field(
        "Valor", "Amount", default=None, template=True, min_length=1, max_length=1_000
    )
    txid: str = field(
        "Identificador",
        "Identifier",
        default=ANY_TXID,
        template=True,
        max_length=1_000,
        help=(
            "Até 25 letras e números; volta com o pagamento no extrato.",
            "Up to 25 letters and digits; comes back with the payment in the statement.",
        ),
    )
    merchant_name: str = field(
        "Nome de quem recebe", "Receiver's name", template=True, min_length=1, max_length=1_000
    )
    merchant_city: str = field(
        "Cidade de quem recebe", "Receiver's city", template=True, min_length=1, max_length=1_000
    )
    content: str | None = field(
        "Texto", "Text", default=None, template=True, ui="long_text", max_length=4_096
    )
    save_to: str | None = field(
        "Guardar o código em",
        "Keep the code in",
        default=None,
        ui="variable",
        # As nodes that ask a question call it: taken, as an author who copies from there means the same.
        validation_alias=AliasChoices("save_to", "variableName"),
        min_length=1,
        max_length=100,
    )
    send_as: Literal["text", "order_details"] = field(
        "Enviar como",
        "Send as",
        default="text",
        alias="as",
        help=(
            "order_details: pedido dentro do WhatsApp, só para contas com a API de pagamentos da Meta no Brasil.",
            "order_details: an order inside WhatsApp, only for accounts with Meta's Payments API in Brazil.",
        ),
    )
    items: tuple[PixItem, ...] = field(
        "Itens do pedido", "Items of the order", default=(), ui="order_items", max_length=MAX_ITEMS
    )

    def ports(self) -> tuple[Port, ...]:
        """Has `next`, and `error` at the side."""
        return (Port("next"), Port("error", side=True))

    def problems(self) -> Iterator[Problem]:
        """Finds what no bank would read, texts that are too long, and an order that lacks a part."""
        yield from check_variable(self.save_to, field="save_to")
        if is_fixed(self.key) and read_key(self.key) is None:
            yield Problem(code="bad_pix_key", field="key")
        if is_fixed(self.txid) and read_txid(self.txid) is None:
            yield Problem(code="bad_txid", field="txid")
        if self.amount and is_fixed(self.amount) and read_amount(self.amount) is None:
            yield Problem(code="bad_amount", field="amount")
        yield from check_name(self.merchant_name, limit=MAX_NAME, field="merchant_name")
        yield from check_name(self.merchant_city, limit=MAX_CITY, field="merchant_city")
        yield from check_length(self.content or "", limit=CAPTION, field="content")
        yield from self._order_problems()

    def _order_problems(self) -> Iterator[Problem]:
        if self.send_as == "text":
            if self.items:
                yield Problem(code="items_not_shown", field="items")
            return
        if not (self.content and self.content.strip()):
            yield Problem(code="missing_field", field="content")
        if self.amount is None and not self.items:
            yield Problem(code="missing_field", field="amount")
        for index, item in enumerate(self.items):
            yield from item.problems(f"items.{index}")

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable that keeps the code, where one was made."""
        return name_set(self.save_to) if port == "next" else frozenset()

    @property
    def messages(self) -> int:
        """Counts the picture and the code, or the order."""
        return 2 if self.send_as == "text" else 1

    def run(self, visit: Visit) -> Step:
        """Makes the code and sends it; an order waits for Meta's word where *error* leads anywhere."""
        match visit.occasion:
            case Entered():
                return self._charge(visit)
            case Settled(accepted=accepted):
                return Go("next" if accepted else "error")
            case _:
                return Stay()

    def _charge(self, visit: Visit) -> Step:
        items = [item.fill(visit) for item in self.items]
        order = [item for item in items if item is not None]
        charge = self._make(visit, order) if len(order) == len(items) else "bad_item"
        if isinstance(charge, str):
            visit.note(no_pix=charge)
            return Go("error")
        if self.save_to:
            visit.set(self.save_to, charge.code)
        if self.send_as == "text":
            visit.send(QrCode(charge.code, visit.text(self.content or "", limit=CAPTION) or None))
            visit.send(Text(charge.code))
            return Go("next")
        return self._send_order(visit, charge, order)

    def _make(self, visit: Visit, order: list[OrderItem]) -> _Charge | str:
        """Fills the values and writes the code; a word for what is no good."""
        key = read_key(visit.text(self.key))
        txid = read_txid(visit.text(self.txid))
        amount = None if self.amount is None else amount_of(visit, self.amount)
        name = visit.text(self.merchant_name)
        city = visit.text(self.merchant_city)
        if key is None:
            return "bad_key"
        if txid is None:
            return "bad_txid"
        if self.amount is not None and amount is None:
            return "bad_amount"
        if not (plain(name, limit=MAX_NAME) and plain(city, limit=MAX_CITY)):
            return "no_name"
        total = total_of(order)
        if total is not None and amount not in (None, total):
            return "not_the_sum"
        amount = amount or total
        if amount is not None and amount > MAX_AMOUNT:
            return "bad_amount"
        code = br_code(key, name=name, city=city, amount=amount, txid=txid)
        return _Charge(key, amount, txid, code)

    def _send_order(self, visit: Visit, charge: _Charge, order: list[OrderItem]) -> Step:
        body = visit.text(self.content or "", limit=CAPTION)
        if not body.strip() or charge.amount is None:
            visit.note(no_pix="no_text")
            return Go("error")
        visit.send(
            PixOrder(
                body=body,
                reference=visit.id if charge.txid == ANY_TXID else charge.txid,
                amount=cents(charge.amount),
                code=charge.code,
                merchant=visit.line(self.merchant_name, limit=ITEM_NAME) or "",
                key=charge.key.value,
                key_type=charge.key.kind,
                items=tuple(order),
            )
        )
        return WaitForSend() if visit.has_edge("error") else Go("next")
