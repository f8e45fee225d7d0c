"""The words of a conversation: what a customer means, and what fits a channel."""
