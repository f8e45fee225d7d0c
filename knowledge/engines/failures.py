"""What can go wrong with a search engine. No other exception leaves an engine."""


class EngineError(Exception):
    """`permanent`: asking again will not help. The text is for logs."""

    permanent = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(EngineError):
    """Not reached, too slow, failing, or owned by another process."""


class OwnedElsewhereError(UnavailableError):
    """The index is inside another process of this machine, which works with it."""


class RateLimitedError(EngineError):
    """`retry_after` in seconds, when the engine named a time."""


class RejectedError(EngineError):
    """The engine understood and refused: a wrong key, dimension or request."""

    permanent = True


class NotFoundError(EngineError):
    """There is no such collection or alias."""

    permanent = True
