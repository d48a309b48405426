"""Is an API consistent in itself? Rules about single answers, beside those that compare two."""
