"""A mail server that delivers nowhere: it takes every mail and shows it on a page."""
