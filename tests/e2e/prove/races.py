"""The guards against races, how to take each out, and the tests that must then fail.

A guard is a place in a file under src/recado; it is found by its text, so whoever moves it moves it here too.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src"


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps a race from doing harm: `text` in `file`; with `without` in its place, `tests` must fail."""

    race: str
    what: str
    file: str
    text: str
    without: str
    tests: tuple[str, ...]

    @property
    def source(self) -> str:
        """Gives the file's text."""
        return (SOURCES / "recado" / self.file).read_text()

    def taken_out(self, folder: Path) -> Path:
        """Copies the sources to a folder, this guard taken out; gives the copy."""
        copy = folder / "src"
        shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "recado" / self.file).write_text(self.source.replace(self.text, self.without))
        return copy


FIRST = "store/migrations/sql/0001_first.sql"
RACES = "tests/worker/test_races.py::"

GUARDS = (
    Guard(
        "stranded message",
        "a turn takes the mail that it has read, and no other",
        "store/mail.py",
        "delete from inbox where seq = any ($1::bigint[])",
        "delete from inbox where conversation_id in "
        "(select conversation_id from inbox where seq = any ($1::bigint[]))",
        (RACES + "test_a_message_that_comes_while_a_turn_commits_is_not_stranded",),
    ),
    Guard(
        "stalled sender",
        "a request is written within its lease only, by this process's own clock",
        "worker/lease.py",
        "return lease is not None and self._monotonic() < lease.safe_until",
        "return lease is not None",
        (
            "tests/worker/test_send.py::test_a_process_that_was_paused_past_its_lease_writes_nothing",
        ),
    ),
    Guard(
        "stalled sender, late result",
        "a result counts for the attempt that it is of",
        "worker/finish.py",
        "current = row is not None and row.attempt == sending.attempt",
        "current = row is not None",
        (
            "tests/e2e/test_processes.py::"
            "test_a_frozen_sender_finds_its_work_done_by_another_and_spoils_nothing",
        ),
    ),
    Guard(
        "identical webhooks",
        "what was seen is a primary key",
        FIRST,
        "primary key (phone_number_id, key)",
        "check (true)",
        (RACES + "test_the_same_webhooks_in_two_processes_at_once_are_stored_once",),
    ),
    Guard(
        "first two messages to a number",
        "a number has one conversation with a contact: a unique key",
        FIRST,
        "unique (number_id, contact_id)",
        "check (true)",
        (RACES + "test_the_first_two_messages_to_another_number_meet_in_one_conversation",),
    ),
    Guard(
        "first two messages of a new contact",
        "an identity belongs to one contact: a primary key, for which the second waits",
        FIRST,
        "primary key (workspace_id, kind, value)",
        "check (true)",
        (RACES + "test_the_first_two_messages_of_new_people_meet_in_one_conversation",),
    ),
    Guard(
        "wa_id and BSUID of one person",
        "an identity belongs to one contact: a primary key",
        FIRST,
        "primary key (workspace_id, kind, value)",
        "check (true)",
        (RACES + "test_a_person_who_comes_by_phone_and_by_user_id_at_once_is_one",),
    ),
)
