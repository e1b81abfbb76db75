"""What both sides of the house share between the socket and the domain: who asks, what was typed, how it is shown."""

from starlette.convertors import Convertor, register_url_convertor


class Id(Convertor[int]):
    """A record's id in an address: at most 18 digits, so that it always fits 64 bits."""

    regex = "[1-9][0-9]{0,17}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("id", Id())
