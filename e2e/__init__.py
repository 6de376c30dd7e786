"""End-to-end tests: a real Home Assistant, the simulator, and a browser. Run in `.venv-hass`.

stack              starts and stops the two processes; process, polling: what that takes
in_process_stack   the same with the simulator in this process; tellduslive_stack: with core's
home_assistant     a client for REST; websocket: and for the websocket; log: its log
simulator_client   a client for the simulator's control API
sign_in            adds the integration over REST; browser: the pages without JavaScript
scenario           what the steps of test_end_to_end share
frontend           Home Assistant's frontend in Chromium; chromium, texts, dashboards
powercut           kills at stages of moving over; random_cuts: at random moments, with life,
                   life_jobs, cut_homes, cut_checks
develop            the stack for a developer; screenshots, brand: images for documents
"""

from typing import Any

type Json = dict[str, Any]
