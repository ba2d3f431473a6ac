"""MOVES. Takes what has come in through the engine and sends what comes of it; every loop is a file, named by its verb.

It serves no HTTP and draws no conclusions of its own about flows: the engine decides, Meta's words decide. Start reading
at `turn.py` (the transaction), then `send.py`, `call.py` and `settle.py`; `run.py` starts, watches and drains them.
"""
