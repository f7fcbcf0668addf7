"""The whole product on one machine, as real processes on 127.0.0.1: `python -m infra.local up`."""
