"""Import of Telldus' sensor history into Home Assistant's statistics."""
