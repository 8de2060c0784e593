"""Rules proposed from what is labelled: what is known of the records, and the proposals."""
