"""The API under /api/v1/: a token belongs to a company, and reaches its rows alone."""
