"""What Telldus' rows are to Home Assistant: pure functions of them."""
