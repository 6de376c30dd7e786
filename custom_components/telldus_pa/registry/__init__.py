"""Home Assistant's device and entity registries, kept up to date."""
