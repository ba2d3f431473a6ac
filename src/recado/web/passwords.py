"""Passwords and tokens: argon2id (19 MiB, two passes) in a thread, SHA-256 for tokens, which are random enough."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from recado.web.errors import RETRY_AFTER, Refusal

T = TypeVar("T")

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two at once: more would only take memory and processor from the webhook.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


@dataclass(slots=True)
class Line:
    """Those whose password is hashed or waits for it, at most `most`: each costs some 30 ms of a processor."""

    most: int = 32
    count: int = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Does work in the threads for it; raises Refusal (503) when too many wait."""
        if self.count >= self.most:
            raise Refusal(503, "busy", headers=RETRY_AFTER)
        self.count += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
        finally:
            self.count -= 1


LINE = Line()


async def hash_password(password: str) -> str:
    """Gives argon2's text of a new password; raises Refusal (503) when too many wait."""
    return await LINE.run(partial(_HASHER.hash, password))


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Says whether a password is right; without a hash it takes as long and says no. Refuses like `hash_password`."""
    right = await LINE.run(partial(_matches, password_hash, password))
    return right and password_hash is not None


def needs_new_hash(password_hash: str) -> bool:
    """Says whether a stored hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def new_token() -> str:
    """Makes a token that nobody guesses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Gives what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def same(stored: bytes, token: str | None) -> bool:
    """Compares a stored hash with a token, in constant time."""
    return token is not None and secrets.compare_digest(stored, token_hash(token))


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(_nobodys_hash() if stored is None else stored, password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
