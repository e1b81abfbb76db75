"""What both sides of the house share between the socket and the domain: who asks, what was typed, how it is shown."""
