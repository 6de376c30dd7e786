"""Push: websockets to the gateways' servers."""
