"""Every entity and device, as Home Assistant shows it."""
