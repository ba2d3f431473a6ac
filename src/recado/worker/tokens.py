"""The access tokens of the numbers we speak for, opened once: a secret's value never changes under its id."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog

from recado.store.pool import Db
from recado.store.secrets import SecretError, Vault, reveal

log = structlog.get_logger(__name__)

KEPT = 10_000


class Speaks(Protocol):
    """Something that goes out in a number's name."""

    @property
    def access_token_id(self) -> UUID | None:
        """Names the secret that the number speaks with."""


class Tokens:
    """Opened tokens by secret id."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opened: OrderedDict[UUID, str] = OrderedDict()

    async def load(self, db: Db, going: Sequence[Speaks]) -> None:
        """Opens the tokens that these need; one that does not open is as good as none."""
        needed = {each.access_token_id for each in going if each.access_token_id}
        for id in needed - self._opened.keys():
            try:
                self._opened |= await reveal(db, self._vault, [id])
            except SecretError as problem:
                log.error("token_does_not_open", secret=str(id), reason=str(problem))
        while len(self._opened) > max(KEPT, len(needed)):
            self._opened.popitem(last=False)

    def of(self, going: Speaks) -> str | None:
        """Gives the token of a number, if it has one that opens."""
        return self._opened.get(going.access_token_id) if going.access_token_id else None
