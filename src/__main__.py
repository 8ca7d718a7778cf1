"""``python -m thiqa``."""

import sys

from thiqa.lifeline import end_with_parent


def run() -> None:
    """Run the command line; a stage of the pipeline is tied to its parent before the slow imports."""
    if sys.argv[1:2] == ["stage"]:
        end_with_parent()
    from thiqa.cli import main  # noqa: PLC0415 seconds, in which a kill would leave an orphan

    main()


if __name__ == "__main__":
    run()
