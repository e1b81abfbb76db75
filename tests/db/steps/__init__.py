"""The migrations of the tests own school."""
