"""The end-to-end harness: one process plays Meta and her customers, and times a chatbot server from outside."""
