"""A real Home Assistant, a simulated Telldus Live!, and what goes on between them.

Runs in `.venv-hass`. `stack` starts and stops the two processes, `home_assistant` and
`websocket` speak to the one as its own frontend does, `control` to the other; `sign_in`
walks the road of a person who adds the integration. On these stand `develop` (the house
for a person), `test_house` (the house, asserted) and `screenshots` (the house, seen).
"""
