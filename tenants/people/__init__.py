"""How a person comes in, works for a company, and joins a team."""
