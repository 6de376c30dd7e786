"""Tests of pa_api/push."""
