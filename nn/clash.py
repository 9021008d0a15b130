"""Says so where `autograd` is another distribution's: both packages cannot be installed in one environment."""

import autograd

if autograd.__file__ is None:
    folder = next(iter(vars(autograd)["__path__"]))
    raise ImportError(
        f"autograd is no more than a folder without its files, {folder}, as an uninstalled version may leave it; "
        "delete that folder"
    )
if not hasattr(autograd, "Value"):
    raise ImportError(
        f"nn stands on the package `autograd` of the distribution chainrule, but {autograd.__file__} is another one, "
        "HIPS autograd most likely. The two share an import name and cannot share an environment: "
        "pip uninstall autograd, and install chainrule anew from its clone, pip install --force-reinstall ."
    )
