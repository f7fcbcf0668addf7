"""`python -m infra.local up`."""

import sys

from .cli import main

sys.exit(main())
