"""Settings of the whole test suite."""

from __future__ import annotations

import os

# Tests run side by side, one process a core; threads of their own would only wait for each other. Set before torch.
os.environ["OMP_NUM_THREADS"] = "1"
