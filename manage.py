#!/usr/bin/env python
"""Command line of the platform: python manage.py COMMAND."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

HINT = "Check DATABASE_URL, or run: manage.py migrate"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatwoot_ai.settings")
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        sys.exit(f"The database cannot be used: {reason}. {HINT}")


if __name__ == "__main__":
    main()
