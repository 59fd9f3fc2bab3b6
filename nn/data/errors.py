"""The error of this package."""

from nn.one_line import one_line


class DataError(ValueError):
    """Data that cannot be used: the message names the file, what is wrong and what to do, on one line."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))
