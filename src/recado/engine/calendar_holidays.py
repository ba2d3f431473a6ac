"""National and state holidays, from the lists of the library `holidays`, which is imported at the first question."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache


@lru_cache(maxsize=1_000)
def is_known(country: str, state: str | None) -> bool:
    """Says whether there is a list for a country, given as its ISO code, and for a state of it."""
    import holidays

    states = holidays.list_supported_countries(include_aliases=False).get(country)
    return states is not None and (state is None or state in states)


@lru_cache(maxsize=500)
def holidays_of(
    country: str, state: str | None, year: int, *, optional: bool = False
) -> Mapping[date, str]:
    """Gives the names of a year's holidays by day, in the country's own language.

    `optional` adds those on which only part of the country rests, such as Brazil's pontos facultativos.
    """
    import holidays

    lists = holidays.country_holidays(country, subdiv=state)
    wanted = ("public", "optional") if optional else ("public",)
    found = holidays.country_holidays(
        country,
        subdiv=state,
        years=year,
        categories=[name for name in wanted if name in lists.supported_categories],
        # Without it the machine's own language would decide.
        language=lists.default_language,
    )
    return dict(found)
