"""Events at devices: each press, opening and motion once, whichever source has it."""
