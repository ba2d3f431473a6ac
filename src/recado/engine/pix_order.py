"""Money and the lines of an order, as an author writes them for a Pix payment."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from recado.engine.content import OrderItem
from recado.engine.events import Json
from recado.engine.node import PLACEHOLDER, Visit, check_length, field
from recado.engine.pix import plain, read_amount
from recado.engine.problems import Problem
from recado.engine.written import fill_or_null

MAX_ITEMS = 100
ITEM_NAME = 60  # Meta's limit


def _written_out(raw: Any) -> Any:
    """Writes a number of the document as a text with cents, so that 12.345 is never twelve thousand."""
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    return f"{raw:.2f}" if is_number else raw


Money = Annotated[str, BeforeValidator(_written_out)]


class PixItem(BaseModel):
    """A line of the order, shown inside WhatsApp; the price of one, in reais."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = field("Id", "Id", min_length=1, max_length=100)
    name: str = field("Nome", "Name", template=True, min_length=1, max_length=1_000)
    price: Money = field("Preço", "Price", template=True, max_length=1_000)
    quantity: int = field("Quantidade", "Quantity", default=1, ge=1, le=1_000)

    def problems(self, path: str) -> Iterator[Problem]:
        """Finds a name that is too long and a price that is none."""
        yield from check_length(self.name, limit=ITEM_NAME, field=f"{path}.name")
        if is_fixed(self.price) and read_amount(self.price) is None:
            yield Problem(code="bad_amount", field=f"{path}.price")

    def fill(self, visit: Visit) -> OrderItem | None:
        """Fills name and price; None where one of them is nothing."""
        name, price = visit.line(self.name, limit=ITEM_NAME), amount_of(visit, self.price)
        return OrderItem(self.id, name, cents(price), self.quantity) if name and price else None


def is_fixed(text: str) -> bool:
    """Says whether a text holds no placeholder, so that it can be judged before it runs."""
    return not PLACEHOLDER.search(text)


def check_name(text: str, *, limit: int, field: str) -> Iterator[Problem]:
    """Finds a receiver's name or city that is too long, or of which no bank can read a letter."""
    if not is_fixed(text):
        return
    if len(text.strip()) > limit:
        params: dict[str, Json] = {"length": len(text.strip()), "limit": limit}
        yield Problem(code="too_long_for_pix", field=field, params=params)
    if not plain(text, limit=limit):
        yield Problem(code="no_plain_letters", field=field)


def amount_of(visit: Visit, text: str) -> Decimal | None:
    """Fills an amount: a variable alone is read as the value that it is, since 12.345 as a text would be thousands."""
    return read_amount(fill_or_null(visit, text))


def cents(amount: Decimal) -> int:
    """Gives an amount in cents."""
    return int(amount * 100)


def total_of(items: Sequence[OrderItem]) -> Decimal | None:
    """Adds up an order; None where there is none."""
    return Decimal(sum(item.price * item.quantity for item in items)) / 100 if items else None
