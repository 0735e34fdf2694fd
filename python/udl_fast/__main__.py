"""`python -m udl_fast` and the script `udl-fast`."""

import sys


def main() -> int:
    """Run the command; Ctrl-C is answered without a traceback while it is imported, too."""
    try:
        from .cli import main as run

        return run()
    except KeyboardInterrupt:
        print("\nudl-fast: interrupted", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
