"""What the integration costs and how fast it is, measured in a real Home Assistant.

Runs in `.venv-hass`, on top of `e2e`. `contestants` says who is measured, `stage` starts
one of them with a Telldus Live! of its own, `log` and `table` make something to read of
it. Each benchmark is a module of its own, named in `__main__`:

start     what is shown after a start under the limit, ours and core's `tellduslive`
afar      how long a start takes without a limit, 40 ms from Telldus
commands  from an action to the wire, and to what a person sees
poll      what one poll of a large home costs
growth    what each device more costs, and each entity's memory
hours     the requests of an idle hour and of a busy one
live      how soon a press is shown and how much is asked: pushed, and polled

`start` and `live` are measured from the outside, in a Home Assistant as people run it. The
others look from the inside: `subject` starts a bare one, which runs `inside`; `inner` is
what is different about the two there, `loop` an event loop that is looked at.
"""
