"""Copies rows that a server made, many times over, so that a table looks as it would after years of use."""

from collections.abc import Mapping
from typing import Any


async def copy_rows(
    db: Any,
    table: str,
    changes: Mapping[str, str],
    *,
    of: str,
    beside: str,
    values: tuple[Any, ...] = (),
) -> None:
    """Adds a copy of each row of the query `of` for each row of `beside`.

    In `changes` are the columns in which a copy differs, as SQL that knows the original as `t`, and whatever `beside`
    names. What the database makes itself is left to it. `values` are those of both queries' placeholders.
    """
    found = await db.fetch(
        """select attname as name from pg_attribute
            where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
              and attgenerated = '' and attidentity = ''""",
        table,
    )
    names = [row["name"] for row in found]
    copied = [changes.get(name, f't."{name}"') for name in names]
    await db.execute(
        f"""insert into {table} ({", ".join(f'"{name}"' for name in names)})
            select {", ".join(copied)} from ({of}) t cross join {beside}""",
        *values,
    )
