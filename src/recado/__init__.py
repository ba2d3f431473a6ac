"""Recado: WhatsApp chatbots that people draw as flows. One engine, one database, seven rooms."""
