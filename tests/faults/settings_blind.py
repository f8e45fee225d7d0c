"""Those of the suite, but nothing is looked for before it is sent again, and nothing read back."""

from tests.faults.settings import *  # noqa: F403  Django reads settings as module attributes
from tests.faults.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.faults.blind.BlindConfig"]
