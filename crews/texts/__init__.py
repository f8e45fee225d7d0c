"""Texts of conversations: what customers want, in which language, and what their channel shows."""
