"""Events at devices: each press, opening and motion once, whoever reports it."""
