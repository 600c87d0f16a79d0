std = "lua54"
max_line_length = 130
ignore = { "581" } -- `not (x < y)` is meant so: NaN must fail
files["tests/lua"].std = "lua54+busted"
files["tests/lua"].ignore = { "311" } -- a local set to nil lets the collector have its value
files["**/*.meta.lua"].ignore = { ".*" } -- declarations for the reader and the editor, never run as they stand
exclude_files = { "build*" }
