"""Authorization of an account by OAuth 1.0a, for every flow that needs it."""
