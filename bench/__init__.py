"""Benchmarks in a real Home Assistant: what the integration costs, and how fast it is.

Run in `.venv-hass`, on top of `e2e`. Each benchmark is a module, listed in `__main__`:

start              what is shown after a start under the rate limit, beside `tellduslive`
startup_latency    how long a start takes without a rate limit, 40 ms from Telldus
commands           from an action to its request, and to the state
poll               what one poll of a large home costs
scaling            what each further device costs, and the memory of an entity
requests_per_hour  the requests of an idle hour and of a busy one
live               how soon a press is shown, and after how many requests: pushed and polled

`start` and `live` measure from the outside, in a full Home Assistant (`environment`). The
others measure inside a bare one: `worker` runs in it and is controlled by `worker_client`;
`instrumentation` is what differs between the integrations there, `loop` its event loop.
`mutate` and `robustness` are programs of their own.
"""
