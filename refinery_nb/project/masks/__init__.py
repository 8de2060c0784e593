"""Selections over all records at once, in numpy: quick where one filter follows another."""
