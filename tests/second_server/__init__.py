"""A second Telldus, written from the vendor's guide and the public evidence alone.

It shares no code with the simulator or the integration, and makes the other choice wherever
the facts are unsure: `Character` names each of them.
"""

from .character import CHARACTERS, Character
from .home import Home
from .server import SecondServer

__all__ = ["CHARACTERS", "Character", "Home", "SecondServer"]
