"""Attacks and accidents: nobody else ends a sign-in, and secrets stay secret."""
