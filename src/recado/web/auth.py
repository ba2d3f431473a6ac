"""Signing in and out. The token comes in the answer and as an HttpOnly cookie; only its hash is stored."""

import time
from datetime import timedelta
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from recado.store import sessions_web, users
from recado.store.pool import Db
from recado.web.errors import Refusal
from recado.web.inputs import Email, Input, Line
from recado.web.passwords import (
    hash_password,
    needs_new_hash,
    new_token,
    token_hash,
    verify_password,
)
from recado.web.serving import Served, Serving, Tx
from recado.web.viewer import COOKIE, CSRF_COOKIE, CSRF_HEADER, Reader, SignedIn

LIFETIME = timedelta(days=7)
router = APIRouter(prefix="/auth", tags=["auth"])


class Credentials(Input):
    """Who signs in."""

    email: Email
    password: Line


class UserAnswer(BaseModel):
    """Somebody who signs in."""

    id: UUID
    email: str
    name: str


class WorkspaceAnswer(BaseModel):
    """A workspace of the user."""

    id: UUID
    name: str
    role: Literal["owner", "admin", "editor", "agent", "viewer"]


class SessionAnswer(BaseModel):
    """A fresh session; the cookie of the same name holds the same token."""

    user: UserAnswer
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds.")
    csrf_token: str = Field(
        description=f"To be sent as {CSRF_HEADER} with every change made by cookie; "
        f"also in the cookie {CSRF_COOKIE}."
    )


class MeAnswer(BaseModel):
    """Who is signed in, and where the request acts."""

    user: UserAnswer
    workspace_id: UUID
    role: Literal["owner", "admin", "editor", "agent", "viewer"]
    workspaces: list[WorkspaceAnswer]


@router.post("/login")
async def login(
    credentials: Credentials, request: Request, response: Response, served: Served
) -> SessionAnswer:
    """Signs in by e-mail and password. An unknown address gets the same answer, after the same time."""
    host = request.client.host if request.client else ""
    _allow(served, credentials.email, host)
    async with served.transaction() as db:
        user = await users.find_user(db, credentials.email)
    # The connection is given back first: hashing takes long, and somebody may try many passwords at once.
    stored = None if user is None else user.password_hash
    try:
        right = await verify_password(stored, credentials.password)
    except Refusal:  # too many wait: this was no attempt
        served.logins.give_back(credentials.email, host)
        raise
    if not right or user is None:
        raise Refusal(401, "bad_credentials")
    served.logins.succeeded(credentials.email, host)
    async with served.transaction() as db:
        if needs_new_hash(user.password_hash):
            fresh = await hash_password(credentials.password)
            await users.set_password(db, user.id, password_hash=fresh)
        return await open_session(
            db, UserAnswer(id=user.id, email=user.email, name=user.name), request, response, served
        )


@router.post("/refresh")
async def refresh(
    signed: SignedIn, db: Tx, request: Request, response: Response, served: Served
) -> SessionAnswer:
    """Changes the session's token for a new one that lasts longer; the old one ends."""
    await sessions_web.delete_session(db, signed.session_hash)
    user = UserAnswer(id=signed.user.user_id, email=signed.user.email, name=signed.user.name)
    return await open_session(db, user, request, response, served)


@router.post("/logout", status_code=204)
async def logout(signed: SignedIn, db: Tx, response: Response) -> None:
    """Ends the session."""
    await sessions_web.delete_session(db, signed.session_hash)
    response.delete_cookie(COOKIE, path="/")
    response.delete_cookie(CSRF_COOKIE, path="/")


@router.get("/me")
async def me(signed: SignedIn, viewer: Reader, db: Tx) -> MeAnswer:
    """Says who is signed in, in which workspace, and which others there are."""
    found = await users.memberships(db, viewer.user_id)
    return MeAnswer(
        user=UserAnswer(id=signed.user.user_id, email=signed.user.email, name=signed.user.name),
        workspace_id=viewer.workspace_id,
        role=viewer.role,
        workspaces=[
            WorkspaceAnswer(id=place.workspace_id, name=place.workspace_name, role=place.role)
            for place in found
        ],
    )


async def open_session(
    db: Db, user: UserAnswer, request: Request, response: Response, served: Serving
) -> SessionAnswer:
    """Opens a session for a user, sets its cookies and gives the answer."""
    token, csrf = new_token(), new_token()
    await sessions_web.insert_session(
        db,
        token_hash=token_hash(token),
        csrf_hash=token_hash(csrf),
        user_id=user.id,
        lifetime=LIFETIME,
    )
    seconds = int(LIFETIME.total_seconds())
    secure = served.base_url(request).startswith("https:")
    for name, value in ((COOKIE, token), (CSRF_COOKIE, csrf)):
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=secure,
            httponly=name == COOKIE,  # the page's own script reads the other and sends it back
            samesite="lax",
        )
    return SessionAnswer(user=user, access_token=token, expires_in=seconds, csrf_token=csrf)


def _allow(served: Serving, email: str, host: str) -> None:
    wait = served.logins.take(email, host, time.monotonic())
    if wait is not None:
        headers = {"Retry-After": str(wait)}
        raise Refusal(429, "too_many_attempts", headers=headers, seconds=wait)
