"""Tests of the PA API client."""
