"""The tests of camtrap; they mirror the package."""

import os

# Several processes share the cores as it is: more threads in each of them only wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
