"""The oddities of the wire, each for itself."""

import json
import random

import pytest

from custom_components.telldus_pa.pa_api.parsing import (
    Json,
    RowParser,
    parse_rows,
    to_flag,
    to_id,
    to_integer,
    to_list,
    to_names,
    to_number,
    to_number_or_text,
    to_object,
    to_objects,
    to_text,
    to_time,
)

from .conftest import utc
from .rows import is_sound, leaves, odd

NAN, INFINITY = float("nan"), float("inf")
A, B = {"a": 1}, {"b": 2}


def parse_id(row: Json) -> str:
    """Parse a row of nothing but an id."""
    if not isinstance(number := row.get("id"), str):
        raise ValueError("no id")  # noqa: TRY004
    return number


def test_a_bad_row_costs_that_row() -> None:
    """Each row that cannot be understood is named, the others are there in order."""
    rows: list[object] = [{"id": "1"}, {}, "row", None, {"id": "2"}, [], 5, {"id": 3}]

    parsed, complaints = parse_rows(rows, parse_id)

    assert parsed == ("1", "2")
    assert complaints == (
        "row 1: no id",
        "row 2: not an object",
        "row 3: not an object",
        "row 5: not an object",
        "row 6: not an object",
        "row 7: no id",
    )


def test_rows() -> None:
    """An empty list is one, and so is an object alone."""
    assert parse_rows([], parse_id) == ((), ())
    assert parse_rows({}, parse_id) == ((), ())
    assert parse_rows({"id": "1"}, parse_id) == (("1",), ())
    # A list with gaps, as PHP writes it
    assert parse_rows({"0": {"id": "1"}, "7": {"id": "2"}}, parse_id) == (
        ("1", "2"),
        (),
    )


@pytest.mark.parametrize("rows", [[{}], [{}, {}], [None], {"0": 5}])
def test_nothing_but_bad_rows(rows: object) -> None:
    """Where no row can be understood, it is not an empty list."""
    with pytest.raises(ValueError, match="^nothing but rows like row 0"):
        parse_rows(rows, parse_id)


@pytest.mark.parametrize("rows", [None, "", "row", 5, 1.5, True, ("1",)])
def test_no_rows(rows: object) -> None:
    """Anything else is no list."""
    with pytest.raises(ValueError, match="^no list$"):
        parse_rows(rows, parse_id)


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        ([], []),
        ([1, None, A], [1, None, A]),
        (A, [A]),
        ({}, []),
        ({"0": A, "2": B}, [A, B]),
        ({"1": 5}, [5]),
        # Not all of the keys are numbers
        ({"0": A, "b": B}, [{"0": A, "b": B}]),
        ({"": A}, [{"": A}]),
        # JSON in a text
        ('[1, "2"]', [1, "2"]),
        (' {"a": 1}', [A]),
        ("[1", []),
        ("{", []),
        (None, []),
        ("", []),
        ("a", []),
        (5, []),
        (True, []),
    ],
)
def test_list(value: object, listed: list[object]) -> None:
    """A list is one also if PHP made an object of it; anything else is an empty one."""
    assert to_list(value) == listed


def test_objects() -> None:
    """What is no object is left out."""
    assert to_objects([A, None, 5, "a", [B], {}, B]) == [A, {}, B]
    assert to_objects({"0": A, "1": None, "3": B}) == [A, B]
    assert to_objects(A) == [A]
    assert to_objects(None) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7", "7"),
        (7, "7"),
        (0, "0"),
        (" 7\n", "7"),
        ("Ä-1", "Ä-1"),
        pytest.param("9" * 200, "9" * 200, id="long text"),
        pytest.param(10**199, "1" + "0" * 199, id="long number"),
    ],
)
def test_id(value: object, text: str) -> None:
    """An id is a text."""
    assert to_id({"key": value}, "key") == text


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", True, False, 1.5, NAN, [], {}, ["1"], A),
        *("\x00", "1\n2", "\ud800", "\u200b", "\u2028"),
        pytest.param("9" * 201, id="long text"),
        pytest.param(10**200, id="long number"),
        # More digits than Python writes
        pytest.param(10**5000, id="longest number"),
    ],
)
def test_no_id(value: object) -> None:
    """What cannot be an id is named."""
    with pytest.raises(ValueError, match="^no key$|limit"):
        to_id({"key": value}, "key")
    with pytest.raises(ValueError, match="^no other$"):
        to_id({"key": "1"}, "other")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (" a\r\n b\tc\u00a0d ", "a b c d"),
        ("a\ud800b", "a?b"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        (5, "5"),
        (0, "0"),
        (1.5, "1.5"),
        (-1, "-1"),
        ("", None),
        ("\t", None),
        (None, None),
        (True, None),
        (False, None),
        ([], None),
        (["a"], None),
        (A, None),
        pytest.param("a" * 201, "a" * 200, id="long"),
        # Cut, and not left with a space at its end
        pytest.param("a" * 199 + " b", "a" * 199, id="long words"),
    ],
)
def test_text(value: object, text: str | None) -> None:
    """A text is one line of bounded length, or none."""
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        *((yes, True) for yes in (True, 1, "1", "true", " TRUE ", 2, -1, 0.5, "1.0")),
        *((no, False) for no in (False, 0, "0", "false", "False\n", 0.0, "0.0", " 0 ")),
    ],
)
@pytest.mark.parametrize("default", [True, False])
def test_flag(value: object, truth: bool, default: bool) -> None:
    """A truth is what it says."""
    assert to_flag(value, default=default) is truth


@pytest.mark.parametrize(
    "value", [None, "", "yes", "unde", "nan", NAN, INFINITY, "1e400", [], [1], {}, A]
)
@pytest.mark.parametrize("default", [True, False, None])
def test_no_flag(value: object, default: bool | None) -> None:
    """Anything else is no word on it."""
    assert to_flag(value, default=default) is default


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (" -5\n", -5),
        ("+5", 5),
        (5.5, 5.5),
        ("5.50", 5.5),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        (0, 0),
        ("0", 0),
        ("007", 7),
        ("٥", 5),
        (10**15 - 1, 10**15 - 1),
        ("-999999999999999", 1 - 10**15),
    ],
)
def test_number(value: object, number: float) -> None:
    """A number is one in any form, whole where it was written so."""
    parsed = to_number(value)

    assert parsed == number
    assert type(parsed) is type(number)


NO_NUMBERS = [
    *(None, "", " ", "-", "--5", "+-5", "5 %", "21,5", "0x10", "unde", [], [5], {}, A),
    *(True, False, NAN, INFINITY, -INFINITY),
    *("nan", "-inf", "Infinity", "1e400", "-1e400"),
    *(10**15, -(10**15), 1e15, "1e15", "-1000000000000000"),
    pytest.param(10**4000, id="huge"),
    pytest.param("9" * 5000, id="digits"),
]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_no_number(value: object) -> None:
    """What cannot be counted with is no number."""
    assert to_number(value) is None
    assert to_integer(value) is None
    assert to_time(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), ("5", 5), ("5.0", 5), ("5.9", 5), (-5.9, -5), (0, 0), (1e14, 10**14)],
)
def test_integer(value: object, number: int) -> None:
    """What is behind the point is left out."""
    parsed = to_integer(value)

    assert parsed == number
    assert type(parsed) is int


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        ("21.50", 21.5),
        (21, 21),
        ("-4", -4),
        (0, 0),
        ("0", 0),
        ("open", "open"),
        (" half \n open ", "half open"),
        ("21,5", "21,5"),
        ("\ud800", "?"),
        ("", None),
        (" ", None),
        (None, None),
        (True, None),
        ([], None),
        (A, None),
        # Numbers, and yet not to be shown
        (NAN, None),
        (INFINITY, None),
        ("nan", None),
        (" NaN ", None),
        ("-Infinity", None),
        ("1e999", None),
        (10**15, None),
        ("1000000000000000", None),
        pytest.param("9" * 5000, None, id="digits"),
    ],
)
def test_reading(value: object, reading: float | str | None) -> None:
    """A value is a number or a text, and nothing where it is a number that is none."""
    assert to_number_or_text(value) == reading


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (1764000000, 1764000000),
        ("1764000000", 1764000000),
        ("1764000000.25", 1764000000.25),
        (0.5, 0.5),
        (2**32 - 1, 2**32 - 1),
        (0, None),
        ("0", None),
        (-1, None),
        (2**32, None),
        # In milliseconds
        (1764000000000, None),
        ("2025-11-24", None),
    ],
)
def test_time(value: object, time: float | None) -> None:
    """A time is one at which something can have been heard."""
    assert to_time(value) == (None if time is None else utc(time))


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        (A, A),
        ({}, {}),
        ('{"a": 1}', A),
        (' {"a": {"b": 2}}', {"a": B}),
        ("[]", {}),
        ("[5]", {}),
        ("null", {}),
        ("5", {}),
        ("", {}),
        ("{'a': 1}", {}),
        ("{", {}),
        ("unde", {}),
        ("\ud800", {}),
        (None, {}),
        ([], {}),
        ([A], {}),
        (5, {}),
        (True, {}),
        pytest.param('{"a":' * 200_000, {}, id="deep"),
        pytest.param('{"a": ' + "9" * 5000 + "}", {"a": None}, id="digits"),
    ],
)
def test_object(value: object, parsed: Json) -> None:
    """An object may stand in a text; PHP writes an empty one as a list."""
    assert to_object(value) == parsed


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("1,2", ("1", "2")),
        ("1, 2 ,3", ("1", "2", "3")),
        ("1", ("1",)),
        (",1,,", ("1",)),
        (5, ("5",)),
        (["1", 2, " 3 "], ("1", "2", "3")),
        ([None, True, "", [], A], ()),
        ({"0": "1", "4": "2"}, ("1", "2")),
        ('[1, "2"]', ("1", "2")),
        ("[]", ()),
        ("[1", ("[1",)),
        ([], ()),
        ("", ()),
        (None, ()),
        (False, ()),
        ({}, ()),
        (A, ()),
    ],
)
def test_names(value: object, names: tuple[str, ...]) -> None:
    """Names come as a list, alone, or in one text."""
    assert to_names(value) == names


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes(seed: int) -> None:
    """Nothing that JSON can say is stumbled over."""
    r = random.Random(seed)
    for _ in range(3000):
        value = odd(r)
        for parse in (
            *(to_text, to_number, to_integer, to_number_or_text, to_time, to_names),
            lambda value: to_flag(value, default=True),
        ):
            assert all(is_sound(leaf) for leaf in leaves(parse(value))), value
        assert isinstance(to_list(value), list)
        assert isinstance(to_object(value), dict)
        assert all(isinstance(entry, dict) for entry in to_objects(value))


def test_what_json_says_is_what_is_tried() -> None:
    """The odd things of these tests are such as an answer can consist of."""
    r = random.Random(1)
    for _ in range(300):
        json.loads(json.dumps(odd(r)))


def test_rows_that_did_not_change() -> None:
    """A row that is as before is the same object, and only others are parsed."""
    parsed: list[Json] = []

    def parse(row: Json) -> tuple[object, ...]:
        """Note a row."""
        parsed.append(row)
        if row.get("bad"):
            raise ValueError("bad")
        return tuple(row.values())

    rows = RowParser(parse)
    first, _ = rows.parse([{"id": "1", "a": [1]}, {"id": "2", "a": [1]}, {"id": 3}])
    second, _ = rows.parse([{"id": "2", "a": [2]}, {"id": "1", "a": [1]}, {"id": 3}])
    assert second == (("2", [2]), ("1", [1]), (3,))
    assert second[1] is first[0]
    assert second[2] is first[2]
    assert len(parsed) == 4
    # What was gone in between is parsed anew, and so is what has no id or made no sense.
    _, complaints = rows.parse([{"id": "1", "bad": 1}, {"id": ["1"]}])
    assert complaints == ("row 0: bad",)
    again, complaints = rows.parse([{"id": "1", "bad": 1}, {"id": ["1"]}, {"id": 3}])
    assert complaints == ("row 0: bad",)
    assert again[1] is not first[2]
    assert len(parsed) == 9
    # The very same list is not even looked at again.
    same: list[object] = [{"id": "1", "a": 1}, {"no": "id"}]
    assert rows.parse(same) is rows.parse(same)
    assert len(parsed) == 11
    assert rows.parse([]) == ((), ())
    with pytest.raises(ValueError, match="no list"):
        rows.parse(None)
