"""Schoolyard's domain and public side: one package per job of an education centre."""
