"""Search engines: Qdrant as a server, and its engine inside this process, behind one interface."""
