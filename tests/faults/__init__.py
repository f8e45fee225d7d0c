"""Real processes, a Chatwoot on a bad day, and somebody who pulls the plug.

`make faults` runs the long form; `tests/walks/test_faults.py` is the short one.
"""
