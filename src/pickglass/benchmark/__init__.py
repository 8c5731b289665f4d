"""Measures pickglass itself on invented data whose truth is known: what `pickglass bench` calls."""
