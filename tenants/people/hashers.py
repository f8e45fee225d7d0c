"""Argon2 with the memory that OWASP recommends: a hash costs 19 MB, not Django's 100 MB.

Anybody can make the server hash by trying to sign in, so its cost is also the attacker's lever.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class FrugalArgon2Hasher(Argon2PasswordHasher):
    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
