"""SPEAKS to whatever a node may call: HTTP, AI, databases, scripts, e-mail.

Every request whose address an author can choose goes through `egress.py`, the one guarded way out. Start reading there,
then at `http.py`, the plainest caller.
"""
