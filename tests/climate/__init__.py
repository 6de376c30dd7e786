"""Tests of climate."""
