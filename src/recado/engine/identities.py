"""Who is who: which contact a message belongs to, by the identities that it carries.

A person may be known by phone, by Meta's business-scoped user id, or by both; either can be missing, and the two
may first arrive in separate messages and only later together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import msgspec

from recado.engine.phones import canonical


class Identity(NamedTuple):
    """One name of a contact, unique in its workspace; `kind` is phone or user_id."""

    workspace: UUID
    kind: str
    value: str


class Sender(msgspec.Struct, frozen=True):
    """The person who wrote, as the payload names them: phone as digits, user id, profile and user name."""

    workspace: UUID
    phone: str | None = None
    user_id: str | None = None
    name: str | None = None
    username: str | None = None

    @property
    def identities(self) -> tuple[Identity, ...]:
        """Gives the sender's identities, the phone first."""
        found = []
        if self.phone:
            found.append(Identity(self.workspace, "phone", canonical(self.phone)))
        if self.user_id:
            found.append(Identity(self.workspace, "user_id", self.user_id))
        return tuple(found)


def newest(old: Sender | None, new: Sender) -> Sender:
    """Sums up two messages of one person: what the later one leaves out is still true."""
    if old is None:
        return new
    return Sender(
        new.workspace,
        phone=new.phone or old.phone,
        user_id=new.user_id or old.user_id,
        name=new.name or old.name,
        username=new.username or old.username,
    )


@dataclass(frozen=True, slots=True)
class Assignment:
    """What must be written: contacts to make, identities to add, and identities that change hands (from, to)."""

    owners: Mapping[Identity, UUID]
    made: Mapping[UUID, Sender] = field(default_factory=dict)
    linked: Mapping[Identity, UUID] = field(default_factory=dict)
    moved: Mapping[Identity, tuple[UUID, UUID]] = field(default_factory=dict)


def assign(
    senders: Iterable[Sender], known: Mapping[Identity, UUID], *, new_id: Callable[[], UUID]
) -> Assignment:
    """Gives every sender a contact: the known one, or a new one.

    A message that carries both identities links the missing one to the contact of the other. Where they belong to
    two contacts, the phone's keeps its conversations and the user id moves to it.
    """
    owners = dict(known)
    made: dict[UUID, Sender] = {}
    # Who carries most comes first: then nobody in the same batch gets a second contact for want of a link.
    for sender in sorted(senders, key=lambda sender: -len(sender.identities)):
        identities = sender.identities
        contact = next((owners[each] for each in identities if each in owners), None)
        if contact is None:
            contact = new_id()
            made[contact] = sender
        owners.update(dict.fromkeys(identities, contact))
    return Assignment(
        owners=owners,
        made=made,
        linked={each: owner for each, owner in owners.items() if each not in known},
        moved={each: (was, owners[each]) for each, was in known.items() if owners[each] != was},
    )
