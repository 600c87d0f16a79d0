#!/bin/sh
# Runs the C test programs given as arguments, the Lua specs and the program tests as TAP through prove.
# BUILD names the build folder.
set -eu
BUILD=${BUILD:-build}
export BUILD CMOCKA_MESSAGE_OUTPUT=TAP
status=0
[ $# -eq 0 ] || prove --exec '' "$@" || status=1
prove --exec "$BUILD/numlab run /usr/bin/busted -o TAP --helper=tests/lua/helper.lua" tests/lua/*_spec.lua || status=1
[ -z "$(ls tests/program/*.t 2>/dev/null)" ] || prove --exec sh tests/program/*.t || status=1
exit $status
