"""Emails: what people are told by mail, once each, when an event makes it due."""
