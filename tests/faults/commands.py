"""Runs commands of manage.py in one process: a list of lists comes in, a list of texts goes out."""

import io
import json
import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    said = []
    for name, *words in json.load(sys.stdin):
        out = io.StringIO()
        call_command(name, *words, stdout=out)
        said.append(out.getvalue())
    json.dump(said, sys.stdout)
