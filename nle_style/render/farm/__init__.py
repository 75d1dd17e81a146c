"""One job in many processes, here or on the machines of a farm.

The names are in `__init__.pyi`; each is loaded when it is first used: a worker sets its environment
before it loads torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
