"""Tests of classes and lessons."""
