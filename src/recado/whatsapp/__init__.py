"""SPEAKS to Meta: reads its webhooks, writes its messages, sorts its errors.

It knows the Cloud API and nothing else: no database, no flows, no settings. Start reading at `webhook.py` for what comes in and
at `client.py` for what goes out; `errors.py` says what a refusal means, `fake.py` is a Meta of our own.
"""
