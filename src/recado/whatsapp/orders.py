"""An order to be paid by Pix -> Meta's `order_details` (Payments API Brazil, Orders and Offsite Pix, March 2026).

Only accounts with access to that API may send it; to the others Meta refuses it.
"""

from recado.engine.content import OrderItem, PixOrder
from recado.engine.events import Json

CENTS = 100  # Meta's `offset` of the real


def order_details(order: PixOrder) -> dict[str, Json]:
    """Writes the interactive message; without items it is the simple form, which shows only the amount."""
    parameters: dict[str, Json] = {
        "reference_id": order.reference,
        "type": "digital-goods",
        "payment_type": "br",
        "payment_settings": [{"type": "pix_dynamic_code", "pix_dynamic_code": _pix(order)}],
        "currency": "BRL",
        "total_amount": _amount(order.amount),
    }
    if order.items:
        parameters["order"] = {
            "status": "pending",
            "items": [_item(item) for item in order.items],
            "subtotal": _amount(order.amount),
            "tax": _amount(0),  # required, and not shown when it is nothing
        }
    return {
        "type": "order_details",
        "body": {"text": order.body},
        "action": {"name": "review_and_pay", "parameters": parameters},
    }


def _pix(order: PixOrder) -> dict[str, Json]:
    return {
        "code": order.code,
        "merchant_name": order.merchant,
        "key": order.key,
        "key_type": order.key_type,
    }


def _item(item: OrderItem) -> dict[str, Json]:
    return {
        "retailer_id": item.id,
        "name": item.name,
        "amount": _amount(item.price),
        "quantity": item.quantity,
    }


def _amount(cents: int) -> dict[str, Json]:
    return {"value": cents, "offset": CENTS}
