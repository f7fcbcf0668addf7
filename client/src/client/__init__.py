"""The shop: server-rendered pages for people."""
