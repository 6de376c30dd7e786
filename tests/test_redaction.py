"""What of a response may be seen by others."""

import pytest

from custom_components.telldus_pa import redaction


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Åsa's lamp 12, 3.5 °C", "text a?a a 9, 9.9 °a"),
        ("", "text"),
        (12, "number"),
        (True, True),
        (None, None),
        ([1, 2], "list of 2"),
        ({"a": 1}, "object of 1"),
        (object(), "?"),
    ],
)
def test_shapes(value: object, shape: object) -> None:
    """The shape of a value has nothing of its content."""
    assert redaction.describe_type(value) == shape


@pytest.mark.parametrize(
    "word",
    [
        *("433", "zwave", "temperaturehumidity", "n/a", "particulatematter2.5", "kWh"),
        *("°C", "%", "m/s", "µg/m³", "eco-heat", "1.3.2", "0176-0003-0003"),
        *("TellStick Net v2", "00000010-0001-1000-2005-ACCA54000000"),
    ],
)
def test_words(word: str) -> None:
    """What Telldus and makers write into their fields stays."""
    assert redaction.redact_word(word) == word


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("203.0.113.1", "text 9.9.9.9"),
        ("TellStick of Kalle", "text a a a"),
        ("kalle@example.org", "text a?a.a"),
        ("example.org", "text a.a"),
        ("1234567", "text 9"),
        ("åsa", "text a"),
    ],
)
def test_no_words(text: str, shape: str) -> None:
    """Addresses, serial numbers and names of several words do not."""
    assert redaction.redact_word(text) == shape


def test_numbers() -> None:
    """Numbers that can be written in JSON stay, long ones in a text do not."""
    assert redaction.redact_number(1795000000) == 1795000000
    assert redaction.redact_number("21.5") == "21.5"
    assert redaction.redact_number("1234567") == "text 9"
    assert redaction.redact_number(float("inf")) == "number"


def test_states() -> None:
    """Of a state, numbers that are no codes stay, and the modes of a thermostat."""
    state = """{
        "mode": "heat", "lastUser": "kalle", "modes": ["off", "Kalle Anka"],
        "setpoint": {"heat": "21.5", "cool": 19, "Kalle Anka": 1234567}
    }"""
    assert redaction.redact_state(state) == {
        "mode": "heat",
        "lastUser": "text a",
        "modes": ["off", "text a a"],
        "setpoint": {"heat": "21.5", "cool": 19, "text a a": "number"},
    }
    assert redaction.redact_state("1234") == "text 9"
    assert redaction.redact_state([[[[["Kalle"]]]]]) == [[[["list of 1"]]]]


def test_rows() -> None:
    """Rows keep their fields, whatever Telldus sends instead of rows."""
    parameters = [
        5,
        {"name": 5},
        {"name": "house", "value": "12"},
        {"name": "thermostat", "value": {"mode": "heat"}},
    ]
    assert redaction.redact_rows(
        [5, {"Name of Kalle": 1, "name": "x", "type": "group", "parameter": parameters}]
    ) == [
        "number",
        {
            "text a a a": "number",
            "name": "text a",
            "type": "group",
            "parameter": [
                "number",
                {"name": "number"},
                {"name": "house", "value": "text 9"},
                {"name": "thermostat", "value": {"mode": "heat"}},
            ],
        },
    ]
