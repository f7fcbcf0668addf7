"""What an operator runs against a running system."""
