"""Thin doors to the cases: find, call, answer. One file for each kind of page."""
