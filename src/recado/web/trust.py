"""Which changes of a post are believed: each must be signed with a secret of the very number that it names.

A tenant's secret never speaks for another tenant's number. Only a number without an app secret is believed unsigned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from recado.store.receiving import Number
from recado.web.posts import Post
from recado.whatsapp.signature import verify
from recado.whatsapp.webhook import Change


@dataclass(frozen=True, slots=True)
class Trusted:
    """The number that may be believed to have received this."""

    number: Number


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not signed by the number; `forgiven` in hand-made tests, which are answered 200 all the same."""

    number: Number
    forgiven: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """No number of ours is meant."""

    reason: str


Verdict = Trusted | Rejected | Unknown


@dataclass(frozen=True)
class Directory:
    """The numbers that a batch of posts can mean, with the secrets that could be opened."""

    numbers: Iterable[Number]
    secrets: Mapping[UUID, str]
    lone: Number | None = None
    by_id: dict[str, Number] = field(init=False, default_factory=dict)
    by_account: dict[str, list[Number]] = field(init=False, default_factory=dict)
    by_token: dict[str, Number] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for number in self.numbers:
            self.by_token[number.webhook_token] = number
            if number.phone_number_id:
                self.by_id[number.phone_number_id] = number
            if number.waba_id:
                self.by_account.setdefault(number.waba_id, []).append(number)

    def family(self, number: Number) -> list[Number]:
        """Lists a number and its siblings: same account at Meta, same workspace."""
        siblings = self.by_account.get(number.waba_id or "", [])
        return [number, *(each for each in siblings if each.workspace_id == number.workspace_id)]


class Judge:
    """Judges the changes of one post; each secret is tried once."""

    def __init__(self, post: Post, directory: Directory) -> None:
        self._post = post
        self._directory = directory
        self._tried: dict[UUID, bool] = {}

    def judge(self, change: Change) -> Verdict:
        """Finds the number that a change names and says whether to believe it."""
        if change.phone_number_id is not None:
            number = self._directory.by_id.get(change.phone_number_id)
            return Unknown("unknown_number") if number is None else self._of_number(number)
        if is_nameless(change):
            named = meant(change, self._post, self._directory)
            return Unknown("no_number") if named is None else self._of_number(named, forgiven=True)
        return self._of_account(self._directory.by_account.get(change.waba_id, []))

    def _of_number(self, number: Number, *, forgiven: bool = False) -> Verdict:
        family = self._directory.family(number)
        if number.app_secret_id is None or any(self._signed(each) for each in family):
            return Trusted(number)
        return Rejected(number, forgiven)

    def _of_account(self, numbers: list[Number]) -> Verdict:
        """News of an account is for a number whose secret signed it; unsigned only if no number there has one."""
        if not numbers:
            return Unknown("unknown_account")
        bare = all(each.app_secret_id is None for each in numbers)
        signer = next((each for each in numbers if bare or self._signed(each)), None)
        return Rejected(numbers[0]) if signer is None else Trusted(signer)

    def _signed(self, number: Number) -> bool:
        secret_id = number.app_secret_id
        if secret_id is None or secret_id not in self._directory.secrets:
            return False
        if secret_id not in self._tried:
            secret = self._directory.secrets[secret_id]
            self._tried[secret_id] = verify(secret, self._post.body, self._post.signature)
        return self._tried[secret_id]


def is_nameless(change: Change) -> bool:
    """Says whether a change is of the kind that names a number, and names none: a hand-made test."""
    return change.phone_number_id is None and change.field in ("messages", "")


def meant(change: Change, post: Post, directory: Directory) -> Number | None:
    """Guesses the number of a hand-made test: by its own address, by the entry's id, else the only one there is."""
    account = directory.by_account.get(change.waba_id, [])
    return (
        directory.by_token.get(post.token or "")
        or directory.by_id.get(change.waba_id)
        or (account[0] if len(account) == 1 else None)
        or directory.lone
    )
