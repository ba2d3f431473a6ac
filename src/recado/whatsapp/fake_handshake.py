"""Verifies a webhook address the way Meta does before it sends anything there."""

import secrets

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=20)


async def handshake(url: str, verify_token: str) -> bool:
    """Says whether an address passes: 200, and exactly the challenge as its body."""
    challenge = str(secrets.randbelow(10**10))
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": verify_token,
    }
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        try:
            async with session.get(url, params=query, allow_redirects=False) as answer:
                return answer.status == 200 and await answer.read() == challenge.encode()
        except (aiohttp.ClientError, TimeoutError):
            return False
