"""``python -m refinery_nb.cli``: the command without an installed script."""

from __future__ import annotations

import sys

from refinery_nb.cli import main

sys.exit(main())
