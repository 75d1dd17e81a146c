"""Helpers shared by the tests of several rooms; they import nothing of nle_style."""
