"""A small HTTP client for tests that talk to a real server, and a bounded wait for what comes about by itself."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

T = TypeVar("T")
Json = Any
GLANCE = 0.02  # seconds between two looks


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is JSON where it is JSON, else text."""

    status: int
    body: Json


@dataclass(frozen=True)
class Client:
    """Talks to one address; the verbs fail unless the answer is a success, `ask` takes any."""

    url: str
    token: str | None = None

    def get(self, path: str, **query: object) -> Json:
        """Reads."""
        return self._done("GET", path, query=query)

    def post(self, path: str, body: Json = None, **query: object) -> Json:
        """Makes, or does."""
        return self._done("POST", path, body=body, query=query)

    def put(self, path: str, body: Json, **query: object) -> Json:
        """Changes."""
        return self._done("PUT", path, body=body, query=query)

    def delete(self, path: str) -> None:
        """Removes."""
        self._done("DELETE", path)

    def signed_in(self, email: str, password: str) -> "Client":
        """Gives a client for the same address that is signed in."""
        answer = self.post("/auth/login", {"email": email, "password": password})
        return replace(self, token=answer["access_token"])

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends any request; a body of bytes goes as it is, any other as JSON."""
        parts = urlsplit(self.url)
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        target = parts.path + path + (f"?{urlencode(query)}" if query else "")
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request(method, target, body=raw, headers=sent)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        is_json = "json" in response.headers.get_content_type() and text != ""
        return Answer(response.status, json.loads(text) if is_json else text)

    def _done(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: Mapping[str, object] | None = None,
    ) -> Json:
        answer = self.ask(method, path, body=body, query=query)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body


def until(look: Callable[[], T], *, within: float = 30.0) -> T:
    """Looks again and again until there is something to see, and gives it; a server not there yet is nothing."""
    deadline = time.monotonic() + within
    while True:
        try:
            found = look()
        except ConnectionError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"still {found!r} after {within:.0f} s"
        time.sleep(GLANCE)
