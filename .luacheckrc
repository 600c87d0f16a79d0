std = "lua54"
max_line_length = 120
ignore = { "581" } -- `not (x <= y)` is written on purpose: NaN must fail
files["tests/lua"].std = "+busted"
