"""The operator's view of DEADLETTERS: `make deadletters`."""
