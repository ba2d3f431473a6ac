"""What a process does about its memory once it has started."""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100  # objects, then collections of the generation below


def settle() -> None:
    """Takes what was loaded until now out of the garbage collector's sight, and lets it look seldom.

    Modules, routes and schemas live as long as the process. Walking through them again and again was a quarter of the
    CPU of a message with 200 customers at once (app 1,006 us -> 729 us), nearly all of which the freeze saves. What a
    message makes is freed by its reference counts; cycles are few, so 50,000 new objects at a time keep memory flat.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
