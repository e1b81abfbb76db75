"""The schema's history: one module a step, named by its effect, SQL by hand for both databases."""
