"""From text to the terms that searches compare: words by their stems, and pieces of words."""
