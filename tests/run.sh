#!/bin/sh
# Runs tests as TAP under one prove: tests/run.sh FILE ... where a FILE is a C test program, a Lua spec
# (*_spec.lua, run by busted inside numlab) or a program test (*.t, run by sh). Without FILE: all specs and .t files.
# BUILD names the build folder, PROVE_FLAGS goes to prove (make check PROVE_FLAGS=-v).
set -eu
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
NUMLAB=$BUILD/numlab
export BUILD NUMLAB CMOCKA_MESSAGE_OUTPUT=TAP

if [ "${1-}" = --one ]; then # how prove runs one file
  case $2 in
    *_spec.lua) exec "$NUMLAB" run /usr/bin/busted -o TAP --helper=tests/lua/helper.lua "$2" ;;
    *.t) exec sh "$2" ;;
    *) exec "$2" ;;
  esac
fi

if [ $# -eq 0 ]; then
  for file in tests/lua/*_spec.lua tests/program/*.t; do
    [ ! -e "$file" ] || set -- "$@" "$file"
  done
fi
exec prove ${PROVE_FLAGS-} --exec 'sh tests/run.sh --one' "$@"
