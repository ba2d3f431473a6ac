"""SERVES. One file per resource: check, call the store, shape the answer; no logic of conversations.

It may not know the workers: they meet in the database, and the composition root hands over what wakes them.
Start reading at `app.py`; `webhook.py` and `receiver.py` are the way in for Meta, `numbers.py` is a resource to copy.
"""
