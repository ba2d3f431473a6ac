"""Checks the orders that customers pay inside WhatsApp (`order_details`), with Brazil's Pix."""

import re

from recado.whatsapp.fake_errors import Refused, bad_value
from recado.whatsapp.fake_fields import at, child, choice, items, label, needed, words
from recado.whatsapp.fake_records import Json

_PATH = "interactive['action']['parameters']"
_ORDER = f"{_PATH}['order']"
_REFERENCE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_KEYS = ("cpf", "cnpj", "email", "phone", "evp")


def check_order(parameters: Json) -> None:
    """Refuses an order that Meta wouldn't take: bad ids, sums that are wrong, a Pix that lacks something."""
    reference = words(parameters, "reference_id", _PATH, most=60)
    if not _REFERENCE.fullmatch(reference):
        raise Refused(bad_value(f"{at(_PATH, 'reference_id')} has characters that are not allowed"))
    words(parameters, "currency", _PATH, most=3)
    brazil = parameters.get("payment_type") == "br"
    total = _amount(parameters, "total_amount", _PATH)
    if brazil:
        choice(parameters, "currency", _PATH, ("brl",))
        _settings(parameters)
    if "order" in parameters or not brazil:
        _order(child(parameters, "order", _PATH), total)


def _order(order: Json, total: int) -> None:
    choice(order, "status", _ORDER, ("pending",))
    lines = items(order, "items", _ORDER, most=999)
    subtotal = _amount(order, "subtotal", _ORDER)
    if subtotal != sum(_line(line) for line in lines):
        raise Refused(bad_value(f"{at(_ORDER, 'subtotal')} is not the sum of the items"))
    more = sum(_amount(order, key, _ORDER) for key in ("tax", "shipping") if key in order)
    less = _amount(order, "discount", _ORDER) if "discount" in order else 0
    if total != subtotal + more - less:
        raise Refused(bad_value(f"{at(_PATH, 'total_amount')} does not match the order"))


def _line(line: Json) -> int:
    path = f"{_ORDER}['items']"
    words(line, "retailer_id", path, most=512)
    label(line, "name", path, most=60)
    price = _amount(line, "sale_amount" if "sale_amount" in line else "amount", path)
    quantity = needed(line, "quantity", path)
    if not isinstance(quantity, int) or quantity < 1:
        raise Refused(bad_value(f"{at(path, 'quantity')} must be a positive number"))
    return price * quantity


def _settings(parameters: Json) -> None:
    path = at(_PATH, "payment_settings")
    for setting in items(parameters, "payment_settings", _PATH, most=10):
        kind = choice(setting, "type", path, ("pix_dynamic_code", "payment_link", "boleto"))
        content = child(setting, kind, path)
        if kind == "pix_dynamic_code":
            for key in ("code", "merchant_name", "key"):
                words(content, key, at(path, kind), most=1_024)
            choice(content, "key_type", at(path, kind), _KEYS)


def _amount(parent: Json, key: str, path: str) -> int:
    amount = child(parent, key, path)
    value, offset = needed(amount, "value", at(path, key)), needed(amount, "offset", at(path, key))
    if not isinstance(value, int) or value < 0 or offset != 100:
        raise Refused(bad_value(f"{at(path, key)} is not an amount with offset 100"))
    return value
