"""Expiration: keeps the deadline of every unpaid order, and says when its time is over."""
