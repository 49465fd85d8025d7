"""Stands in for an extension module of CPython that `test.test_importlib.util` imports and hardly uses.

Its being there lets several test modules load; the cases that need the real one fail and are recorded.
"""
