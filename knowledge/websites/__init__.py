"""Visits to the websites of companies, and what they do to the pages that are kept."""
