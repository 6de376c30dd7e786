"""What of an answer may be seen by others."""

from custom_components.telldus_pa import redaction


def test_shapes() -> None:
    """What something looks like is told, and nothing of what it says."""
    assert redaction.describe_type("Åsa's lamp 12, 3.5 °C") == "text a?a a 9, 9.9 °a"
    assert redaction.describe_type("") == "text"
    assert redaction.describe_type(12) == "number"
    assert redaction.describe_type(True) is True
    assert redaction.describe_type([1, 2]) == "list of 2"
    assert redaction.describe_type({"a": 1}) == "object of 1"
    assert redaction.describe_type(object()) == "?"
    assert redaction.number(1795000000) == 1795000000
    assert redaction.number("21.5") == "21.5"
    assert redaction.number("1234567") == "text 9"
    assert redaction.number(float("inf")) == "number"
    assert redaction.version("1.3.2") == "1.3.2"
    assert redaction.version("203.0.113.1") == "text 9.9.9.9"
    assert redaction.model("0176-0003-0003") == "0176-0003-0003"
    assert redaction.model("Kalle") == "text a"
    assert redaction.gateway_model("TellStick Net v2") == "TellStick Net v2"
    assert redaction.gateway_model("TellStick of Kalle") == "text a a a"
    state = '{"mode": "heat", "setpoint": {"heat": "21.5", "Kalle": 1234567}}'
    assert redaction.redact_state(state) == {
        "mode": "heat",
        "setpoint": {"heat": "21.5", "text a": "number"},
    }
    deep = redaction.redact_state([[[[["Kalle"]]]]])
    assert deep == [[[["list of 1"]]]]
    assert redaction.redact_rows(
        "devices/list", [5, {"parameter": [5, {"name": 5}]}]
    ) == [
        "number",
        {"parameter": ["number", {"name": "number"}]},
    ]
