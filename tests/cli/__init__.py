"""Tests of commands as a whole process."""
