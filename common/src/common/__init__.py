"""What every service shares and none owns: events, bus, outbox, identity, errors, web, mongo, and the test kit."""
