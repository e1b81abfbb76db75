"""`python -m portal`: the centre's commands."""

from portal.commands import main

main()
