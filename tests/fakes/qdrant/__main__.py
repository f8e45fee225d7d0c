"""Start the stand-in; the first line it prints is its address."""

import argparse
import contextlib
import tempfile
from pathlib import Path

from tests.fakes.qdrant.rest import Server
from tests.fakes.qdrant.world import World


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key", default="", help="refuse requests with another one")
    parser.add_argument("--version", default="1.19.0", help="which Qdrant to be")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fake-qdrant-") as folder:
        world = World(Path(folder), options.version)
        server = Server(("127.0.0.1", options.port), world, options.api_key)
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201
        server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
