"""Websites become pages with text: asked politely, and again only for what changed."""
