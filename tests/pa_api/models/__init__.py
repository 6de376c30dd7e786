"""Tests of pa_api/models."""
