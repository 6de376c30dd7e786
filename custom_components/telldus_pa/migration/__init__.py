"""Moving over from Home Assistant's own tellduslive, and back."""
