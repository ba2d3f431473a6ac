"""Gives a conversation its events: messages and notices in order, then the timer, as fast as it may go."""

from collections.abc import Sequence

from recado.engine.answers import answers
from recado.store.mail import Mail
from recado.worker.happen import happen
from recado.worker.hear import hear, wake
from recado.worker.lane import Lane


def take_up(lane: Lane, letters: Sequence[Mail], *, most: int, timers: bool) -> None:
    """Takes up to `most` of the letters; one more than that only says that there is more.

    A contact gets at most 20 turns a minute (flow language, section 6): then the rest waits, and nothing overtakes it.
    """
    for place, letter in enumerate(letters[:most]):
        if letter.message is None:
            happen(lane, letter)
        elif lane.breathless and not lane.with_a_person:
            return lane.hold()
        else:
            hear(
                lane,
                letter,
                letter.message,
                more=any(_answers(each) for each in letters[place + 1 :]),
            )
        lane.writes.taken.append(letter.seq)
    if timers and len(letters) <= most:  # a message that is there comes before a timer that is due
        wake(lane)
    return None


def _answers(letter: Mail) -> bool:
    return letter.message is not None and answers(letter.message)
