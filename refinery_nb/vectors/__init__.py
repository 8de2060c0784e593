"""Vectors of records as arrays. It knows neither the database nor how vectors are made."""
