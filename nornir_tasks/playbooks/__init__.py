"""What engineers do again and again, one file each; `imereti run --list` shows them."""
