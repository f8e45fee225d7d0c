#!/usr/bin/env python
"""Command line of the platform: python manage.py COMMAND."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatwoot_ai.settings")
    execute_from_command_line(sys.argv)
