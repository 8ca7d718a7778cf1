"""The faults a user can mend, told as: what was found, what was expected, what to do."""

from collections.abc import Iterable


class InputError(Exception):
    """Bad input from outside: a file, a table, a parameter. The command line prints it and exits with 2.

    :param faults: One line for each fault, each naming the place, what was found and what was expected.
    """

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))
