"""What the integration costs and how fast it is, measured in a real Home Assistant.

Runs in `.venv-hass`, on top of `e2e`. `contestants` says who is measured, `stage` starts
one of them with a Telldus Live! of its own, `log` and `table` make something to read of
it. Each benchmark is a module of its own, named in `__main__`:

start    what is shown after a start under the limit, ours and core's `tellduslive`
"""
