"""Orders: one reservation at a time for a ticket, until it is paid or its time is over."""
