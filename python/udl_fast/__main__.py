"""`python -m udl_fast` is the command `udl-fast`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
