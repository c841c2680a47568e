# SPDX-License-Identifier: Apache-2.0
"""`python -m gso_model` is the command line `gso`."""

import sys

from gso_model.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
