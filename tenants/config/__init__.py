"""How configuration is written, read, checked, merged and carried.

`tenants.configuration` is its face.
"""
