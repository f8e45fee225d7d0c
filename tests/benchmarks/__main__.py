"""`make bench`: what the parts cost, as ratios to a floor measured in the same run."""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "chatwoot_ai.settings.test"

import django

django.setup()  # before anything that touches models

from django.test.utils import (  # noqa: E402
    setup_databases,
    setup_test_environment,
    teardown_databases,
)

from tests.benchmarks import (  # noqa: E402
    configuration,
    embedded,
    engines,
    finding,
    frame,
    models,
    replies,
    webhooks,
)

MODULES = (frame, configuration, models, webhooks, replies, embedded, engines, finding)
BENCHMARKS = [benchmark for module in MODULES for benchmark in module.BENCHMARKS]


def main(wanted):
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        for benchmark in BENCHMARKS:
            if not wanted or benchmark.__name__ in wanted:
                result = benchmark()
                sys.stdout.write(f"{result}\n")
                sys.stdout.flush()
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1:])
