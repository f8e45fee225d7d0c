"""Stand-ins for remote systems: real HTTP servers on 127.0.0.1, scripted, recording."""
