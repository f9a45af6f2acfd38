"""The command `imereti`: one small module a group of commands, no logic."""
