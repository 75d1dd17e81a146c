"""Poster style transfer for the shots of an edit.

The names are in `__init__.pyi`; each is loaded when it is first used, so that `import nle_style` is
quick and nothing but the network's own work loads torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.2.0"
__all__ += ["__version__"]
