"""``python -m thiqa``."""

from thiqa.cli import main

main()
