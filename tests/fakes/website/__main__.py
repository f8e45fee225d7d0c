"""The website by hand."""

import argparse

from tests.fakes.website import FakeWebsite
from tests.fakes.website.shop import furnish


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9300)
    site = FakeWebsite(parser.parse_args().port)
    furnish(site)
    print(f"A small shop stands at {site.url}", flush=True)  # noqa: T201  it is a program
    site.serve()


if __name__ == "__main__":
    main()
