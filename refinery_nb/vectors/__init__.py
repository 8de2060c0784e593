"""Vectors of records: arrays, exact search, Qdrant. It knows neither database nor models."""
