"""What a person at the command line is told when it cannot go on."""


class ClusterError(Exception):
    """One clear sentence that says what is wrong and what to do; printed without a traceback."""
