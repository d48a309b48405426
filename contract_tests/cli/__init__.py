"""The command line: the one place that builds the parts and joins them."""
