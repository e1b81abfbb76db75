"""Identity providers: a real one, and a hostile one."""

# As provider.mjs knows us.
CLIENT = "schoolyard"
SECRET = "the secret of the tests: +/% and all"
