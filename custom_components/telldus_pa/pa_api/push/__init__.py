"""The push channel: websockets to the gateways' servers."""
