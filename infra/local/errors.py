"""What the stack tells a person when it cannot go on."""


class StackError(Exception):
    """One clear sentence that says what is wrong and what to do; printed without a traceback."""
