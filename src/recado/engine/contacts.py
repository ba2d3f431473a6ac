"""What effects make of the contact that flows read: the next node of the turn sees it, and so does the next turn."""

from collections.abc import Mapping

from recado.engine.effects import Consent, Effect, UpdateContact
from recado.engine.events import Json


def contact_after(contact: Mapping[str, Json], effect: Effect) -> dict[str, Json]:
    """Gives a contact as it is after an effect; most effects leave it as it was."""
    match effect:
        case UpdateContact(add_tags=added, remove_tags=removed, fields=fields, name=name):
            kept = [tag for tag in contact.get("tags", []) if tag not in removed]
            named = {} if name is None else {"name": name}
            merged = {**contact.get("fields", {}), **fields}
            return {**contact, **named, "tags": [*dict.fromkeys([*kept, *added])], "fields": merged}
        case Consent(granted=granted):
            return {**contact, "opted_out": not granted}
    return dict(contact)
