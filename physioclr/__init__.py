"""PhysioCLR: read ECGs, measure them, learn from them.

The public names are listed in ``__init__.pyi``. Each is imported from its module on first use, so
that ``import physioclr`` costs milliseconds and a command that only measures never loads torch.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
