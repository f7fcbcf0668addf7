"""Tickets: listing, changing, removing; locked while an order holds them."""
