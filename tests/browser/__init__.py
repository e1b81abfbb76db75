"""Every page in a real browser: what it looks like, how it is operated, what it costs."""
