"""What Assist, Home Assistant's own, makes of a home at Telldus, in two languages.

Nothing is exposed or given another name for it: what people say works with the names and
rooms of Telldus, or it does not. The sentences are some of those that Home Assistant has.
"""

from copy import deepcopy

from awesomeversion import AwesomeVersion
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import __version__
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN, Context, HomeAssistant
from homeassistant.helpers import entity_registry as er, intent
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator
from simulator.home import Device, Sensor

from .conftest import Time
from .helpers import DeviceChanges, sent

FRONT_DOOR_ID = "2100012"

# Home Assistant 2026.8 knows fewer sentences, and answers others differently.
IS_OLD = AwesomeVersion(__version__) < AwesomeVersion("2026.10.0")
ANSWERED = intent.IntentResponseType.QUERY_ANSWER
NOT_UNDERSTOOD = intent.IntentResponseType.ERROR

# What the demo home's things and rooms are called in a Swedish home.
SWEDISH_NAMES = {
    "Air quality": "Luftkvalitet",
    "Bedroom shutter": "Rullgardin",
    "Ceiling dimmer": "Taklampa",
    "Coffee maker": "Kaffebryggare",
    "Color bulb": "Färglampa",
    "Door bell": "Ringklocka",
    "Door lock": "Dörrlås",
    "Energy plug": "Elmätare",
    "Floor heating": "Golvvärme",
    "Freezer": "Frys",
    "Front door": "Ytterdörr",
    "Good morning": "God morgon",
    "Good night": "God natt",
    "Heat pump": "Värmepump",
    "Kitchen blind": "Köksgardin",
    "Outdoor": "Ute",
    "Patio door": "Altandörr",
    "Projector screen": "Filmduk",
    "Radiator": "Element",
    "Roof window": "Takfönster",
    "Smoke kitchen": "Brandvarnare",
    "Stairs motion": "Rörelsevakt",
    "Window lamp": "Fönsterlampa",
}
SWEDISH_ROOMS = {
    "Bedroom": "Sovrum",
    "Hall": "Hall",
    "Kitchen": "Kök",
    "Living room": "Vardagsrum",
    "Outdoors": "Trädgård",
}


class Assist:
    """Somebody who talks to Home Assistant."""

    def __init__(self, hass: HomeAssistant, simulator: Simulator, time: Time) -> None:
        """Come in."""
        self._hass = hass
        self._simulator = simulator
        self._time = time

    async def say(self, sentence: str) -> tuple[intent.IntentResponseType, str]:
        """Say something; return what kind of answer comes, and which."""
        talk = conversation.async_converse(self._hass, sentence, None, Context())
        response = (await self._time.until(talk)).response
        assert response.failed_results == []
        return response.response_type, response.speech["plain"]["speech"]

    async def check_done(self, sentence: str, expected: dict[str, str]) -> None:
        """Check what changes at Telldus when something is said, and undo it."""
        before = deepcopy(self._simulator.home.devices)
        changes = DeviceChanges(self._simulator)
        try:
            kind, answer = await self.say(sentence)
            assert kind is intent.IntentResponseType.ACTION_DONE, answer
            await self._time.move(15)
            assert changes.seen() == expected
        finally:
            # One sentence that fails is not to fail those after it.
            self._simulator.home.devices = before

    async def check_answers(
        self,
        kind: intent.IntentResponseType,
        expected: dict[str, str],
        formerly: dict[str, tuple[intent.IntentResponseType, str]],
    ) -> None:
        """Check what sentences are answered, and that nothing is done.

        ``formerly`` is what Home Assistant answered instead before 2026.10.
        """
        answers = {sentence: await self.say(sentence) for sentence in expected}
        wanted = {sentence: (kind, answer) for sentence, answer in expected.items()}
        assert answers == wanted | (formerly if IS_OLD else {})
        await self._time.move(5)
        assert sent(self._simulator) == []


@pytest.fixture
def english(simulator: Simulator) -> None:
    """Have rooms with names, an open door, and nothing that happens by itself."""
    simulator.settings.change({"drift": False, "life": False, "rooms": True})
    # Known sooner, the rooms would be part of the entity ids.
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/rooms/list", times=1)
    simulator.press(FRONT_DOOR_ID, "turnOn")


@pytest.fixture
def swedish(english: None, hass: HomeAssistant, simulator: Simulator) -> None:
    """Have the same in Swedish, as Home Assistant itself."""
    hass.config.language = "sv"
    home = simulator.home
    things: list[Device | Sensor] = [*home.devices.values(), *home.sensors.values()]
    for thing in things:
        thing.name = SWEDISH_NAMES.get(thing.name or "", thing.name)
    home.rooms = {room: SWEDISH_ROOMS[name] for room, name in home.rooms.items()}


@pytest.fixture
async def assist(hass: HomeAssistant, simulator: Simulator, time: Time) -> Assist:
    """Set up what listens."""
    assert await time.until(async_setup_component(hass, HOMEASSISTANT_DOMAIN, {}))
    assert await time.until(async_setup_component(hass, conversation.DOMAIN, {}))
    return Assist(hass, simulator, time)


# What is done


ENGLISH_ACTIONS: dict[str, dict[str, str]] = {
    # Lamps, by name and by area
    "turn on the ceiling dimmer": {"Ceiling dimmer": "turnon"},
    "turn off color bulb": {"Color bulb": "turnoff #ff8000"},
    "turn on the kitchen lights": {"Kitchen spots": "turnon"},
    "turn on the lights in the bedroom": {
        "Bedside lamp": "turnon",
        "Color bulb": "turnon #ff8000",
        "Old dimmer": "turnon",
    },
    # A group, and with it its members
    "turn off all lamps": {
        "All lamps": "turnoff",
        "Ceiling dimmer": "turnoff",
        "Window lamp": "turnoff",
    },
    # Brightness and color
    "set the ceiling dimmer to 30%": {"Ceiling dimmer": "dim 76"},
    "set the kitchen brightness to 40 percent": {"Kitchen spots": "dim 102"},
    "set the color bulb to red": {"Color bulb": "dim 200 #ff0000"},
    # What is no lamp
    "turn on the coffee maker": {"Coffee maker": "turnon"},
    "turn off window lamp": {"Window lamp": "turnoff"},
    # Covers
    "open the bedroom shutter": {"Bedroom shutter": "up"},
    "close the kitchen blind": {"Kitchen blind": "down"},
    "raise the projector screen": {"Projector screen": "up"},
    "set the bedroom shutter to 40%": {"Bedroom shutter": "dim 102"},
    "close the blinds in the bedroom": {
        "Bedroom shutter": "down",
        "Roof window": "down",
    },
    "close all blinds": {
        "All blinds": "down",
        "Awning": "down",
        "Bedroom shutter": "down",
        "Kitchen blind": "down",
    },
    # Thermostats, by name and by area
    "set the radiator to 20.5 degrees": {"Radiator": "heat 20.5"},
    "set the temperature of the heat pump to 24": {"Heat pump": "auto 24"},
    "set the temperature in the bedroom to 19 degrees": {"Radiator": "heat 19"},
    "turn off the heat pump": {"Heat pump": "off"},
    # Scenes
    "activate good night": {
        "All lamps": "turnoff",
        "Ceiling dimmer": "turnoff",
        "Window lamp": "turnoff",
    },
    "activate the good morning scene": {
        "Bedroom shutter": "up",
        "Coffee maker": "turnon",
        "Good morning": "turnon",
        "Radiator": "heat 21",
    },
}


async def test_english_actions(
    english: None,
    assist: Assist,
    loaded: MockConfigEntry,
    subtests: pytest.Subtests,
) -> None:
    """What is said in English is done at Telldus."""
    for sentence, expected in ENGLISH_ACTIONS.items():
        with subtests.test(sentence):
            await assist.check_done(sentence, expected)


SWEDISH_ACTIONS: dict[str, dict[str, str]] = {
    # Lamps, by name, with and without an article at its end, and by area
    "tänd Taklampa": {"Taklampa": "turnon"},
    "släck taklampan": {"Taklampa": "turnoff"},
    "tänd belysningen i kök": {"Kitchen spots": "turnon"},
    "tänd lamporna i sovrummet": {
        "Bedside lamp": "turnon",
        "Färglampa": "turnon #ff8000",
        "Old dimmer": "turnon",
    },
    # Brightness and color
    "dimra taklampan till 30 procent": {"Taklampa": "dim 76"},
    "ändra färg på färglampan till röd": {"Färglampa": "dim 200 #ff0000"},
    # What is no lamp
    "slå på kaffebryggaren": {"Kaffebryggare": "turnon"},
    "stäng av fönsterlampan": {"Fönsterlampa": "turnoff"},
    # Covers
    "öppna rullgardinen": {"Rullgardin": "up"},
    "stäng köksgardinen": {"Köksgardin": "down"},
    "hissa upp filmduken": {"Filmduk": "up"},
    "sätt rullgardinen till 40%": {"Rullgardin": "dim 102"},
    "stäng persiennerna i sovrummet": {"Rullgardin": "down", "Takfönster": "down"},
    # Thermostats; Home Assistant has no Swedish sentence for one by name.
    "ställ in temperaturen i sovrummet till 19 grader": {"Element": "heat 19"},
    "ändra temperaturen i vardagsrummet till 23,5 grader": {"Värmepump": "auto 23.5"},
    # Scenes
    "aktivera god natt": {
        "All lamps": "turnoff",
        "Fönsterlampa": "turnoff",
        "Taklampa": "turnoff",
    },
    "aktivera scenen god morgon": {
        "Element": "heat 21",
        "God morgon": "turnon",
        "Kaffebryggare": "turnon",
        "Rullgardin": "up",
    },
}


async def test_swedish_actions(
    swedish: None,
    assist: Assist,
    loaded: MockConfigEntry,
    subtests: pytest.Subtests,
) -> None:
    """What is said in Swedish is done at Telldus."""
    for sentence, expected in SWEDISH_ACTIONS.items():
        with subtests.test(sentence):
            await assist.check_done(sentence, expected)


async def test_swedish_thermostat_off(
    swedish: None,
    assist: Assist,
    loaded: MockConfigEntry,
    simulator: Simulator,
) -> None:
    """A thermostat is turned off by its name, once Home Assistant's Swedish knows that."""
    sentence = "stäng av värmepumpen"
    if IS_OLD:
        changes = DeviceChanges(simulator)
        kind, _ = await assist.say(sentence)
        assert kind is intent.IntentResponseType.ERROR
        assert changes.seen() == {}
        return
    await assist.check_done(sentence, {"Värmepump": "off"})


# What is answered


async def test_english_questions(
    english: None, assist: Assist, loaded: MockConfigEntry
) -> None:
    """What is asked in English is answered with what Telldus knows."""
    await assist.check_answers(
        intent.IntentResponseType.QUERY_ANSWER,
        {
            "what is the outdoor temperature": "Outdoor temperature is -5.4 °C",
            "what's the outdoor humidity": "Outdoor humidity is 87 %",
            "what is the air quality carbon dioxide": (
                "Air quality carbon dioxide is 640 ppm"
            ),
            # Of a thermostat, by name and by area
            "what is the temperature of the radiator": "20.7 degrees",
            "how warm is the floor heating": "23.4 degrees",
            "what is the temperature in the living room": "21.1 degrees",
            "is the front door open": "Yes",
            "is the patio door open": "No, off",
            "is the patio door closed": "Yes",
            "is stairs motion triggered": "No, off",
            "is the ceiling dimmer on": "Yes",
            "is the coffee maker on": "No, off",
            "is the bedroom shutter closed": "No, open",
            "which lights are on in the bedroom": "Color bulb",
            "are any blinds open in the bedroom": "Yes, Bedroom shutter and Roof window",
        },
        formerly={},
    )


async def test_swedish_questions(
    swedish: None, assist: Assist, loaded: MockConfigEntry
) -> None:
    """What is asked in Swedish is answered with what Telldus knows."""
    await assist.check_answers(
        intent.IntentResponseType.QUERY_ANSWER,
        {
            # What a sensor measures Home Assistant itself can say in Swedish.
            "vad är ute temperatur": "Ute temperatur är -5.4 °C",
            "vad är frys temperaturen": "Frys temperatur är -19.8 °C",
            "vad är luftkvalitet koldioxid": "Luftkvalitet koldioxid är 640 ppm",
            # Of a thermostat, by name and by area
            "hur varmt är elementet": "20.7 grader",
            "hur varm är golvvärme": "23.4 grader",
            "vilken temperatur är det i vardagsrummet": "21.1 grader",
            "är ytterdörren öppen": "Ja",
            "är altandörren öppen": "Nej, den är off",
            "är altandörren stängd": "Ja",
            "är rörelsevakt utlöst": "Nej, den är off",
            "är taklampan tänd": "Ja",
            "är kaffebryggaren på": "Nej, den är off",
            "är rullgardinen stängd": "Nej, den är open",
            "vilka lampor är tända i sovrummet": "Färglampa",
        },
        formerly={
            "hur varmt är elementet": (NOT_UNDERSTOOD, "Ursäkta, jag förstår inte")
        },
    )


# What cannot be reached


async def test_english_errors(
    english: None, assist: Assist, loaded: MockConfigEntry
) -> None:
    """What Home Assistant keeps to itself nobody can reach by speaking."""
    await assist.check_answers(
        intent.IntentResponseType.ERROR,
        {
            "unlock the door lock": "Sorry, Door lock is not exposed",
            "is the door lock locked": "Sorry, Door lock is not exposed",
            "turn on the door bell": (
                "Sorry, I am not aware of any device called door bell"
            ),
            "is smoke kitchen triggered": "Sorry, Smoke kitchen is not exposed",
            "what is the energy plug energy": (
                "Sorry, Energy plug Energy is not exposed"
            ),
            "what is the radiator battery": "Sorry, Radiator Battery is not exposed",
            # A new battery made another sensor of it, and the old one is still there.
            "what is the greenhouse temperature": (
                "Sorry, there are multiple devices called Greenhouse Temperature"
            ),
        },
        # Whatever it says, it does not say what it is.
        formerly={
            "is the door lock locked": (ANSWERED, "No,"),
            "is smoke kitchen triggered": (ANSWERED, "No,"),
            "what is the energy plug energy": (ANSWERED, "Energy plug energy is"),
            "what is the radiator battery": (ANSWERED, "Radiator battery is"),
        },
    )


async def test_swedish_errors(
    swedish: None, assist: Assist, loaded: MockConfigEntry
) -> None:
    """What Home Assistant keeps to itself nobody can reach by speaking."""
    await assist.check_answers(
        intent.IntentResponseType.ERROR,
        {
            "lås upp dörrlåset": "Dörrlås är inte exponerad",
            "är dörrlåset låst": "Dörrlås är inte exponerad",
            "slå på ringklockan": (
                "Det finns ingen enhet eller entitet som heter ringklockan"
            ),
            "är brandvarnaren utlöst": "Brandvarnare är inte exponerad",
            "vad är elmätare energi": "Elmätare Energi är inte exponerad",
        },
        formerly={
            "lås upp dörrlåset": (
                NOT_UNDERSTOOD,
                "Det finns ingen enhet eller entitet som heter dörrlåset",
            ),
            "är dörrlåset låst": (NOT_UNDERSTOOD, "Ursäkta, jag förstår inte"),
            "är brandvarnaren utlöst": (ANSWERED, "Nej, den är"),
            "vad är elmätare energi": (ANSWERED, "Elmätare energi är"),
        },
    )


async def test_exposed(
    assist: Assist, hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Home Assistant exposes by itself what is talked of, and nothing else."""
    exposed: set[tuple[str, str | None]] = set()
    hidden: set[tuple[str, str | None]] = set()
    entities = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    for entity in entities:
        if entity.disabled:
            continue
        is_exposed = async_should_expose(hass, conversation.DOMAIN, entity.entity_id)
        if entity.entity_category:
            # Whatever it is
            assert not is_exposed
        else:
            what = (entity.domain, entity.original_device_class)
            (exposed if is_exposed else hidden).add(what)
    assert exposed == {
        ("binary_sensor", "door"),
        ("binary_sensor", "motion"),
        ("binary_sensor", "presence"),
        ("climate", None),
        ("cover", "blind"),
        ("cover", "shade"),
        ("light", None),
        ("scene", None),
        ("sensor", "carbon_dioxide"),
        ("sensor", "carbon_monoxide"),
        ("sensor", "humidity"),
        ("sensor", "pm25"),
        ("sensor", "temperature"),
        ("switch", "outlet"),
        ("switch", "switch"),
    }
    assert exposed.isdisjoint(hidden)
    assert {
        ("binary_sensor", "smoke"),
        ("button", None),
        ("event", "button"),
        ("event", "doorbell"),
        ("lock", None),
        ("sensor", "energy"),
        ("sensor", "power"),
    } <= hidden
