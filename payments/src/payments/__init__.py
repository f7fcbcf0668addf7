"""Payments: cards, by way of Stripe. Authorise, decide, capture."""
