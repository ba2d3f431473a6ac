"""Bots to compare with: what a chatbot server costs that keeps nothing."""
