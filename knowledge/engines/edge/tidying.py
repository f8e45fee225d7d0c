"""Puts the points of a folder in order: `python tidying.py FOLDER`.

New points lie in a form that is quick to write and takes three times the memory. Putting them in
order holds Python's lock for seconds, so it happens in a process of its own, on a copy.
"""

import os
import sys

NICENESS = 10


def main(folder: str) -> None:
    import qdrant_edge

    os.nice(NICENESS)
    shard = qdrant_edge.EdgeShard.load(folder)
    shard.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    main(sys.argv[1])
