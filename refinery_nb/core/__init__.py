"""The words of the product: errors, schema, spans, votes, queries. No I/O, no heavy import."""
