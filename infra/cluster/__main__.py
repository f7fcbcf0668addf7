"""`python -m infra.cluster up`."""

import sys

from .cli import main

sys.exit(main())
