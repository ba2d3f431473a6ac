"""Who asks: the signed-in user, found by cookie or bearer token, and the workspace the request acts in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from starlette.requests import Request

from recado.store.sessions_web import SignIn, find_seat, find_session
from recado.web.errors import Refusal
from recado.web.passwords import same, token_hash
from recado.web.roles import ROLES, Permission
from recado.web.serving import Tx

COOKIE = "recado_session"
CSRF_COOKIE = "recado_csrf"
CSRF_HEADER = "X-CSRF-Token"
WORKSPACE_HEADER = "X-Workspace-Id"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user acting in a workspace."""

    user_id: UUID
    workspace_id: UUID
    role: str

    def may(self, permission: Permission) -> bool:
        """Says whether the viewer's role allows something."""
        return permission in ROLES[self.role]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed-in user, with the token's hash to end the session by."""

    user: SignIn
    session_hash: bytes


async def _signed(request: Request, db: Tx) -> Signed:
    """Finds the session of a request; a cookie alone opens only what changes nothing."""
    bearer = _bearer(request.headers.get("authorization"))
    token = bearer or request.cookies.get(COOKIE)
    user = None if token is None else await find_session(db, token_hash(token))
    if token is None or user is None:
        raise Refusal(401, "unauthenticated", headers={"WWW-Authenticate": "Bearer"})
    by_cookie_alone = bearer is None and not same(user.csrf_hash, request.headers.get(CSRF_HEADER))
    if by_cookie_alone and request.method not in _SAFE:
        raise Refusal(403, "csrf_missing")
    return Signed(user, token_hash(token))


SignedIn = Annotated[Signed, Depends(_signed)]


async def _viewer(
    signed: SignedIn,
    db: Tx,
    x_workspace_id: Annotated[
        str | None,
        Header(description="The workspace to act in; by default the first one you joined."),
    ] = None,
) -> Viewer:
    wanted = None if x_workspace_id is None else _workspace(x_workspace_id)
    seat = await find_seat(db, signed.user.user_id, workspace_id=wanted)
    if seat is None:
        raise Refusal(403, "not_a_member")
    return Viewer(signed.user.user_id, seat.workspace_id, seat.role)


def _who_may(permission: Permission) -> Callable[[Viewer], Viewer]:
    def check(viewer: Annotated[Viewer, Depends(_viewer)]) -> Viewer:
        if not viewer.may(permission):
            raise Refusal(403, "forbidden", permission=permission.value, role=viewer.role)
        return viewer

    return check


Reader = Annotated[Viewer, Depends(_who_may(Permission.READ))]
Agent = Annotated[Viewer, Depends(_who_may(Permission.CONVERSE))]
Editor = Annotated[Viewer, Depends(_who_may(Permission.EDIT))]
Admin = Annotated[Viewer, Depends(_who_may(Permission.ADMINISTER))]


def _bearer(header: str | None) -> str | None:
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _workspace(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Refusal(400, "workspace_id_invalid") from error
