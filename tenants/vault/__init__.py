"""How secrets are sealed, and what becomes of their keys; `tenants.credentials` is its face."""
