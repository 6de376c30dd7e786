"""Characters made at random."""

from typing import get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .character import LEAVABLE, Character


def characters() -> SearchStrategy[Character]:
    """Return characters of any combination of choices."""
    choices = {
        name: st.from_type(hint) for name, hint in get_type_hints(Character).items()
    }
    choices |= {
        "left_out": st.frozensets(st.sampled_from(LEAVABLE), max_size=6),
        "no_level": st.sampled_from([None, "", "0", "unde"]),
        "json_type": st.sampled_from(["application/json", "text/html", "text/plain"]),
        "form_type": st.sampled_from(
            ["text/html", "text/plain", "application/x-www-form-urlencoded"]
        ),
        # Most rows are more than bare.
        "bare": st.sampled_from([False, False, False, True]),
    }
    return st.builds(Character, **choices)
