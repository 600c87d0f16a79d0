# numlab: `make` builds build/numlab and build/numlab.so; `make demo` and `make test` also install what they need.
# BUILD=dir puts everything elsewhere; SAN=address,undefined or SAN=thread instruments it.
BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
SAN     ?=
OPT     ?= -O2

LUA_DIR := /usr/include/lua5.4
LUA_LIB := $(firstword $(wildcard /usr/lib/*/liblua5.4.a /usr/lib/liblua5.4.a) /usr/lib/x86_64-linux-gnu/liblua5.4.a)
VERSION := 0.1.0

WARN := -Wall -Wextra -Wpedantic -Werror \
  -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
  -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wcast-qual \
  -Wdouble-promotion -Wimplicit-fallthrough -Wformat=2
# -ffp-contract=off: the same bits at every CPU level outside the kernel folders; never -ffast-math.
CFLAGS := -std=c11 -D_GNU_SOURCE -g $(OPT) -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno \
  $(WARN) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LDFLAGS := $(if $(SAN),-fsanitize=$(SAN))
LDLIBS := -lm

# --- sources: a new .c file in a folder below is picked up by itself; x_tmpl.c is compiled once a type ----------
PLAIN    := $(filter-out %_tmpl.c,$(wildcard engine/*/*.c engine/cpu/*/*.c))
TMPL     := $(wildcard engine/*/*_tmpl.c engine/cpu/*/*_tmpl.c)
ENGINE   := $(PLAIN:%.c=$(BUILD)/%.o) $(TMPL:%_tmpl.c=$(BUILD)/%.f32.o) $(TMPL:%_tmpl.c=$(BUILD)/%.f64.o)
BINDINGS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out bindings/main.c bindings/program_%.c,$(wildcard bindings/*.c)))
PROGRAM  := $(patsubst %.c,$(BUILD)/%.o,bindings/main.c $(wildcard bindings/program_*.c))
C_TESTS  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/engine/*/test_*.c))

all: $(BUILD)/numlab $(BUILD)/numlab.so

$(BUILD)/engine/%:           CPPFLAGS := -Iengine/include -Iengine
$(BUILD)/bindings/%:         CPPFLAGS := -Iengine/include -Ibindings -isystem $(LUA_DIR) -DNL_VERSION='"$(VERSION)"' \
                                         -DNL_PREFIX='"$(PREFIX)"'
$(BUILD)/tests/%:            CPPFLAGS := -Iengine/include -Iengine -Itests/engine
$(BUILD)/engine/cpu/generic/%: OPT := -O3

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"; $(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/%.f32.o: %_tmpl.c
	@mkdir -p $(@D)
	@echo "  CC $@"; $(CC) $(CFLAGS) $(CPPFLAGS) -DNL_S=f32 -DNL_R=float -MMD -MP -c -o $@ $<
$(BUILD)/%.f64.o: %_tmpl.c
	@mkdir -p $(@D)
	@echo "  CC $@"; $(CC) $(CFLAGS) $(CPPFLAGS) -DNL_S=f64 -DNL_R=double -MMD -MP -c -o $@ $<

$(BUILD)/libnumlab.a: $(ENGINE)
	@rm -f $@
	ar rcs $@ $^
# Lua is linked whole and exported, so that Debian's Lua C modules load into the program.
$(BUILD)/numlab: $(PROGRAM) $(BINDINGS) $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -Wl,-E -o $@ $(PROGRAM) $(BINDINGS) $(BUILD)/libnumlab.a -Wl,--whole-archive $(LUA_LIB) \
	  -Wl,--no-whole-archive $(LDLIBS)
$(BUILD)/numlab.so: $(BINDINGS) $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -shared -o $@ $(BINDINGS) $(BUILD)/libnumlab.a $(LDLIBS)
$(BUILD)/tests/engine/%: $(BUILD)/tests/engine/%.o $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# --- tests -----------------------------------------------------------------------------------------------------
c-tests: $(C_TESTS)
check: all c-tests
	BUILD=$(BUILD) sh tests/run.sh $(C_TESTS)

.PHONY: all c-tests check
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
