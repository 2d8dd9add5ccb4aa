"""`python -m minmax_lint`."""

import sys

from minmax_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
