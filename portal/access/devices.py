"""A device as people know it."""

from portal.errors import Sentence, say


def spoken(agent: str) -> Sentence:
    """A browser in words, from its user agent: enough to recognise one's own."""
    systems = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "Linux")
    browsers = ("Edg", "OPR", "Firefox", "CriOS", "Chrome", "Safari")
    spoken = {"Edg": "Edge", "OPR": "Opera", "CriOS": "Chrome", "Mac OS X": "Mac"}
    system = next((name for name in systems if name in agent), "")
    browser = next((name for name in browsers if name in agent), "")
    if not system or not browser:
        return say("Another device")
    return say("{browser} on {system}", browser=spoken.get(browser, browser), system=spoken.get(system, system))
