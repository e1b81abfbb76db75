"""Large data sets and measurements; not part of the product."""
