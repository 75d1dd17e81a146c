"""`python plugins/resolve`: what `nle-style resolve` starts, in a process of its own."""

import sys

from nle_style_resolve.external import main

__all__ = []

if __name__ == "__main__":
    sys.exit(main())
