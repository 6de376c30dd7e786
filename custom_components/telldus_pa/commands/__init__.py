"""Commands to devices: their queue, optimistic state and confirmation."""
