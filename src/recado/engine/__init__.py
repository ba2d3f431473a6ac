"""DECIDES what a conversation does next.

Pure: no I/O, no clock, no luck of its own; time, seeds and ids are arguments, so the same arguments give the same
turn for ever. The live worker, the simulator, the terminal and the tests all call `advance.advance`.
Start reading at `advance.py`; `events.py` says what comes in, `effects.py` what goes out.
"""
