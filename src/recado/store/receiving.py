"""What the webhook must know of our numbers: which ones a payload names, their secrets and their tokens."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from recado.store.ids import new_id
from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class Number:
    """A number of ours as the receiver sees it; `identity_epoch` counts the identities that changed hands."""

    id: UUID
    workspace_id: UUID
    phone_number_id: str | None
    waba_id: str | None
    webhook_token: str
    app_secret_id: UUID | None
    inactive: bool
    identity_epoch: int

    @property
    def inbox_id(self) -> str:
        """Gives what its messages are deduplicated under; a number made by hand may have no id of Meta's."""
        return self.phone_number_id or str(self.id)


_COLUMNS = """n.id, n.workspace_id, n.phone_number_id, n.waba_id, n.webhook_token, n.app_secret_id,
              n.is_active is false, w.identity_epoch"""
_TABLES = """whatsapp_numbers n
             join workspaces w on w.id = n.workspace_id and n.deleted_at is null"""


async def find_numbers(
    db: Db, *, phone_number_ids: Iterable[str], waba_ids: Iterable[str], tokens: Iterable[str] = ()
) -> list[Number]:
    """Finds the numbers that are named by Meta's id, by their business account or by their own webhook address."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where n.phone_number_id = any ($1::text[]) or n.waba_id = any ($2::text[])
                or n.webhook_token = any ($3::text[])
             order by n.id""",
        list(phone_number_ids),
        list(waba_ids),
        list(tokens),
    )
    return [Number(*row) for row in rows]


async def lone_number(db: Db) -> Number | None:
    """Finds the only active number of the installation; None when there are none or several.

    A number whose activity nobody has set is active once a chatbot can answer on it. If no number is, a single one
    that nobody has switched off will do: its messages are at least seen.
    """
    rows = await db.fetch(
        f"""select coalesce(n.is_active, n.default_chatbot_id is not null or exists (
                       select from chatbots c
                        where c.workspace_id = n.workspace_id and c.is_fallback and c.is_active)) as able,
                   {_COLUMNS}
              from {_TABLES}
             where n.is_active is not false
             order by able desc limit 2"""
    )
    able = [row["able"] for row in rows]
    return Number(*rows[0][1:]) if len(rows) == 1 or able == [True, False] else None


async def open_conversations(
    db: Db, wanted: Collection[tuple[UUID, UUID, UUID]]
) -> dict[tuple[UUID, UUID], UUID]:
    """Finds or makes conversations of (number, workspace, contact); gives their ids by (number, contact)."""
    found: dict[tuple[UUID, UUID], UUID] = {}
    missing = sorted(wanted)
    while missing:  # a second time only for what another process makes at this moment
        rows = await db.fetch(
            """with wanted as (
                   select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
                              as w (number_id, workspace_id, contact_id, id)
               ), known as (
                   select number_id, contact_id, v.id
                     from wanted join conversations v using (number_id, contact_id)
               ), made as (
                   insert into conversations (id, workspace_id, number_id, contact_id)
                   select w.id, w.workspace_id, w.number_id, w.contact_id
                     from wanted w left join known k using (number_id, contact_id)
                    where k.id is null order by w.number_id, w.contact_id
                       on conflict do nothing returning number_id, contact_id, id
               )
               select * from known union all select * from made""",
            [number for number, _, _ in missing],
            [workspace for _, workspace, _ in missing],
            [contact for _, _, contact in missing],
            [new_id() for _ in missing],
        )
        found.update({(row[0], row[1]): row[2] for row in rows})
        missing = [each for each in missing if (each[0], each[2]) not in found]
    return found


async def verify_token(db: Db, given: str, *, webhook_token: str | None = None) -> str | None:
    """Finds a verify token as it is stored, of any number or of the one with this address of its own."""
    token: str | None = await db.fetchval(
        """select webhook_verify_token from whatsapp_numbers
            where webhook_verify_token = $1 and ($2::text is null or webhook_token = $2)
              and deleted_at is null limit 1""",
        given,
        webhook_token,
    )
    return token
