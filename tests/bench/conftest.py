"""The programs of bench/ are no package; their folder is put on the path, behind everything else."""

import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
sys.path.append(str(BENCH))
