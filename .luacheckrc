std = "lua54"
max_line_length = 125
ignore = { "581" } -- `not (x < y)` is meant so: NaN must fail
files["tests/lua"].std = "lua54+busted"
files["**/*.meta.lua"].ignore = { ".*" } -- declarations for the reader and the editor, never run as they stand
exclude_files = { "build*" }
