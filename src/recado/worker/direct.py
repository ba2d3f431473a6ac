"""Messages that begin with the very commit of their turn, without waiting for a grant.

A turn offers what it writes. A message may begin at once where its number's lease is ours, the number has nothing that
waits for room, and the throttle has room for one more; its room is taken before the turn writes. The statement that
queues it looks at the rest under lock (store/outbox.py), so that the row is `sending`, as after a grant, when the turn
is committed. Only then does its request begin.

Crash points. Before the commit nothing has happened; of a commit that failed, or whose outcome nobody knows, the room is
given back and the leases are taken anew, so that a row that was committed after all is an orphan. Between the commit and
the request the row says `sending` under our epoch, as after a grant.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from uuid import UUID

from recado.store.outbox import NewSend, Offer, Sending
from recado.worker.lease import Leases
from recado.worker.throttle import Throttle


class Direct:
    """What may begin with its turn. `begin` starts a request whose room is taken, `doubt` hears of a commit in doubt."""

    def __init__(
        self,
        leases: Leases,
        throttle: Throttle,
        *,
        begin: Callable[[Sending], None],
        doubt: Callable[[], None],
    ) -> None:
        self._leases = leases
        self._throttle = throttle
        self._begin = begin
        self._doubt = doubt
        self._caught_up: set[UUID] = set()
        self._reserved: dict[UUID, NewSend] = {}

    @property
    def reserved(self) -> Iterable[UUID]:
        """Lists the messages whose commit is under way: no orphans, whatever their rows say."""
        return self._reserved

    @property
    def numbers(self) -> set[UUID]:
        """Gives the numbers of these messages: their leases are in use, though no row says so yet."""
        return {send.number_id for send in self._reserved.values()}

    def lags(self, numbers: Collection[UUID]) -> bool:
        """Says whether something may wait for room in any of these numbers."""
        return not self._caught_up.issuperset(numbers)

    def know(self, numbers: Iterable[UUID]) -> None:
        """Hears which numbers a grant has left with nothing that waits for room."""
        self._caught_up = set(numbers)

    def forget(self) -> None:
        """Lets nothing more begin before the next grant."""
        self._caught_up.clear()

    def offer(self, sends: Sequence[NewSend]) -> Offer | None:
        """Takes room for what may begin at once: the first of each lane."""
        self.undo()  # a turn of which nobody told how it ended
        lanes: set[UUID] = set()
        epochs: dict[UUID, int] = {}
        for send in sends:
            if send.conversation_id in lanes:
                continue
            lanes.add(send.conversation_id)
            if send.to is not None and send.origin != "bulk" and self._may_begin(send):
                self._reserved[send.id] = send
                epochs[send.number_id] = self._leases.epoch(send.number_id)
        return Offer(self._leases.owner, epochs, set(self._reserved)) if epochs else None

    def commit(self, begun: Sequence[Sending]) -> None:
        """Begins the requests of a turn that is committed, and gives back the room of what had to wait."""
        for sending in begun:
            self._reserved.pop(sending.id, None)
            self._begin(sending)
        self._give_back()

    def undo(self) -> None:
        """Gives the room of a turn back that failed; perhaps it was committed, and only the word of it was lost."""
        if self._reserved:
            self._give_back()
            self.forget()
            self._doubt()

    def _may_begin(self, send: NewSend) -> bool:
        number = send.number_id
        if number not in self._caught_up or not self._leases.may_send(number):
            return False
        if self._throttle.may_begin(send):
            return True
        self._caught_up.discard(number)
        return False

    def _give_back(self) -> None:
        for send in self._reserved.values():
            self._throttle.give_back(send)
        self._reserved.clear()
