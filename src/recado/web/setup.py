"""The first run: an installation without users is set up with the token that the server printed."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from recado.store import setup_tokens, users, workspaces
from recado.store.ids import new_id
from recado.store.pool import Db, Pool
from recado.web.auth import SessionAnswer, UserAnswer, open_session
from recado.web.errors import Refusal
from recado.web.inputs import Email, Input, Line, Name, NewPassword
from recado.web.passwords import hash_password, new_token, same, token_hash
from recado.web.serving import Served, Tx

WORKSPACE_NAME = "Recado"
router = APIRouter(prefix="/setup", tags=["auth"])


class FirstOwner(Input):
    """Who will own the installation."""

    token: Line
    email: Email
    password: NewPassword
    name: Name
    workspace_name: Name = WORKSPACE_NAME


class SetupAnswer(BaseModel):
    """Whether the installation still waits for its owner."""

    needed: bool


@router.get("")
async def needed(db: Tx) -> SetupAnswer:
    """Says whether the installation must be set up first."""
    return SetupAnswer(needed=not await users.any_user(db))


@router.post("", status_code=201)
async def set_up(
    owner: FirstOwner, db: Tx, request: Request, response: Response, served: Served
) -> SessionAnswer:
    """Makes the owner and the first workspace, and signs the owner in. Works once."""
    stored = await setup_tokens.lock_setup_token(db)
    if await users.any_user(db):
        raise Refusal(409, "already_set_up")
    if stored is None or not same(stored, owner.token):
        raise Refusal(403, "bad_setup_token")
    user = await _first_user(db, owner.email, owner.password, owner.name, owner.workspace_name)
    return await open_session(db, user, request, response, served)


async def first_run_token(pool: Pool) -> str | None:
    """Makes the token for the CLI to print; None when the installation is set up. The newest one counts."""
    async with pool.acquire() as db, db.transaction():
        if await users.any_user(db):
            return None
        token = new_token()
        await setup_tokens.put_setup_token(db, token_hash(token))
        return token


async def ensure_admin(pool: Pool, email: str, password: str) -> bool:
    """Makes the owner that the settings name, if nobody can sign in yet; tells whether it did."""
    async with pool.acquire() as db, db.transaction():
        # The lock is that of `set_up`: of several processes that start at once, one makes the owner.
        await setup_tokens.put_setup_token(db, token_hash(new_token()))
        await setup_tokens.lock_setup_token(db)
        fresh = not await users.any_user(db)
        if fresh:
            lower = email.strip().lower()
            await _first_user(db, lower, password, lower.partition("@")[0], WORKSPACE_NAME)
        else:
            await setup_tokens.delete_setup_token(db)
        return fresh


async def _first_user(
    db: Db, email: str, password: str, name: str, workspace_name: str
) -> UserAnswer:
    user = users.User(new_id(), email, name, await hash_password(password))
    await users.insert_user(db, user)
    # The demo of `recado up` waits in a workspace of its own for its owner.
    if not await workspaces.take_over(db, name=workspace_name, owner=user.id):
        await users.insert_workspace(db, new_id(), name=workspace_name, owner=user.id)
    await setup_tokens.delete_setup_token(db)
    return UserAnswer(id=user.id, email=user.email, name=user.name)
