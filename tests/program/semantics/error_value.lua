-- An error value without a way to say what it is.
io.write "no newline"
error { code = 2 }
