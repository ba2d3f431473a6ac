"""Lets a library that speaks HTTP through httpx2 go out by the one guarded way, answer by answer, without streaming."""

import httpx2  # noqa: TID251 the types of a transport; every request goes through egress

from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressError, EgressTimeout

SECRET_HEADERS = ("authorization", "api-key", "x-api-key")
# The body is unpacked and whole by now.
STALE = ("content-encoding", "content-length", "transfer-encoding")


class EgressTransport(httpx2.AsyncBaseTransport):
    """Performs each request through `Egress.request`, in at most `timeout` seconds whatever the client's own limits.

    A refusal rises as a `ConnectError` and a time-out as a `ReadTimeout`, both with the `EgressError` as their cause.
    """

    def __init__(self, egress: Egress, *, timeout: float, max_bytes: int = 1_000_000) -> None:
        self._egress = egress
        self._timeout = timeout
        self._max_bytes = max_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Makes one request; redirects are followed on the way."""
        try:
            response = await self._egress.request(
                request.method,
                str(request.url),
                headers=request.headers.multi_items(),
                body=await request.aread() or None,
                timeout=self._timeout,
                max_bytes=self._max_bytes,
                secret_headers=SECRET_HEADERS,
            )
        except EgressTimeout as error:
            raise httpx2.ReadTimeout(str(error), request=request) from error
        except EgressError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        headers = [each for each in response.headers if each[0].lower() not in STALE]
        return httpx2.Response(response.status, headers=headers, content=response.body)
