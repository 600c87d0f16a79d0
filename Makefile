# numlab. `make` builds build/numlab and build/numlab.so; `make demo` and `make test` also install what they need.
# On every target: BUILD=dir builds elsewhere; SAN=address,undefined or SAN=thread instruments.
BUILD   ?= build
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
OPT     ?= -O2
VERSION := 0.1.0

LUA_DIR := /usr/include/lua5.4
# No lua5.4 yet is no error here: `make deps` must run on a bare machine.
LUA_LIB := $(firstword $(wildcard /usr/lib/*/liblua5.4.a /usr/lib/liblua5.4.a) liblua5.4.a)

WARN := -Wall -Wextra -Wpedantic -Werror \
  -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
  -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wcast-qual \
  -Wdouble-promotion -Wimplicit-fallthrough -Wformat=2
# -ffp-contract=off: the same bits at every CPU level outside the kernel folders; never -ffast-math.
CFLAGS = -std=c11 -D_GNU_SOURCE -g $(OPT) -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno \
  $(WARN) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
RECORD := $(filter-out $(WARN),$(CFLAGS))
LDFLAGS := $(if $(SAN),-fsanitize=$(SAN))
LDLIBS := -lm

# --- sources: a new .c file in a folder below is picked up by itself; x_tmpl.c is compiled once a type ----------
FOREIGN  := $(if $(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null)),,engine/cpu/avx%)
SOURCES  := $(filter-out $(FOREIGN),$(wildcard engine/*/*.c engine/cpu/*/*.c))
PLAIN    := $(filter-out %_tmpl.c,$(SOURCES))
TMPL     := $(filter %_tmpl.c,$(SOURCES))
ENGINE   := $(PLAIN:%.c=$(BUILD)/%.o) $(TMPL:%_tmpl.c=$(BUILD)/%.f32.o) $(TMPL:%_tmpl.c=$(BUILD)/%.f64.o)
BINDINGS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out bindings/main.c bindings/program_%.c,$(wildcard bindings/*.c)))
PROGRAM  := $(patsubst %.c,$(BUILD)/%.o,bindings/main.c $(wildcard bindings/program_*.c))
C_TESTS  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/engine/*/test_*.c))

all: $(BUILD)/numlab $(BUILD)/numlab.so

# Include paths alone keep the layers apart: bindings see only the engine's public headers.
$(BUILD)/engine/%:           CPPFLAGS := -Iengine/include -Iengine
$(BUILD)/bindings/%:         CPPFLAGS := -Iengine/include -Ibindings -isystem $(LUA_DIR) -DNL_VERSION='"$(VERSION)"'
$(BUILD)/bindings/facts.o:   CFLAGS += -DNL_FLAGS='"$(RECORD)"'
$(BUILD)/tests/%:            CPPFLAGS := -Iengine/include -Iengine -Itests/engine
# Folders decide flags, here and for clang-tidy: what a level may use, the binary runs only where it is there.
AVX2     := -mavx2 -mfma -mf16c
AVX512   := $(AVX2) -mavx512f -mavx512dq -mavx512bw -mavx512vl
$(BUILD)/engine/cpu/generic/%: OPT := -O3
$(BUILD)/engine/attention/%:   OPT := -O3
$(BUILD)/engine/ops/%:         OPT := -O3
$(BUILD)/engine/cpu/avx2/%:    OPT := -O3
$(BUILD)/engine/cpu/avx512/%:  OPT := -O3
$(BUILD)/engine/cpu/avx2/%:    CFLAGS += $(AVX2) -ffp-contract=fast
$(BUILD)/engine/cpu/avx512/%:  CFLAGS += $(AVX512) -ffp-contract=fast

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
	@rm -f $@; echo "  AR $@"; ar rcs $@ $^
# Lua is linked whole and exported, so that Debian's Lua C modules load into the program.
# The run path is that of `make dist`, and of whoever installs borrowed libraries beside numlab.
$(BUILD)/numlab: $(PROGRAM) $(BINDINGS) $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -Wl,-E,--disable-new-dtags,-rpath,'$$ORIGIN/../lib' -o $@ $(PROGRAM) $(BINDINGS) $(BUILD)/libnumlab.a -Wl,--whole-archive $(LUA_LIB) \
	  -Wl,--no-whole-archive $(LDLIBS)
$(BUILD)/numlab.so: $(BINDINGS) $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -shared -o $@ $(BINDINGS) $(BUILD)/libnumlab.a $(LDLIBS)
$(BUILD)/tests/engine/%: $(BUILD)/tests/engine/%.o $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
# Program and plugin compare an id of the public headers they were built with; both are built anew when one changes.
PUBLIC     := $(wildcard engine/include/numlab/*.h)
HEADERS_ID  = $(shell cat $(PUBLIC) | sha256sum | cut -c1-16)
$(BUILD)/engine/device/plugin.o: $(PUBLIC)
$(BUILD)/engine/device/plugin.o: CFLAGS += -DNL_HEADERS='"$(HEADERS_ID)"'
# Plain `make` on a machine without a compiler or Lua says what to do instead of failing in the first file.
$(BINDINGS) $(PROGRAM): | $(LUA_DIR)/lua.h
$(LUA_DIR)/lua.h:
	@echo "numlab: Lua 5.4 headers are missing ($@). 'make deps' installs what building needs." >&2; exit 1

# --- gpu: the plugin; kernels for each of GPU_ARCHS, and PTX of the last for what comes after --------------------
NVCC       ?= nvcc
GPU_ARCHS  ?= 80 90
GPU_LAST   := $(lastword $(GPU_ARCHS))
GPU_CODE   := $(foreach a,$(GPU_ARCHS),-gencode arch=compute_$(a),code=sm_$(a)) \
  -gencode arch=compute_$(GPU_LAST),code=compute_$(GPU_LAST)
NVCC_FLAGS := -std=c++17 -O3 -lineinfo -Xfatbin -compress-all -Xptxas --warn-on-spills \
  -Xcompiler -fPIC,-fvisibility=hidden,-Wall,-Wextra -Iengine/include -Igpu
GPU        := $(patsubst %.cu,$(BUILD)/%.o,$(wildcard gpu/*.cu gpu/*/*.cu))

gpu: $(BUILD)/numlab_cuda.so
$(BUILD)/numlab_cuda.so: $(GPU)
	@echo "  NVLD $@"; $(NVCC) $(GPU_CODE) -shared -cudart static -Xcompiler -static-libstdc++,-static-libgcc \
	  -Xlinker --exclude-libs,ALL -o $@ $^ -ldl
$(BUILD)/gpu/%.o: gpu/%.cu | nvcc
	@mkdir -p $(@D)
	@echo "  NVCC $@"; $(NVCC) $(NVCC_FLAGS) $(GPU_CODE) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<
GPU_SOURCES := $(wildcard gpu/*.* gpu/*/*.*)
$(BUILD)/gpu/backend.o: $(PUBLIC) $(GPU_SOURCES)
$(BUILD)/gpu/backend.o: NVCC_FLAGS += -DNLG_HEADERS='"$(HEADERS_ID)"' -DNLG_ARCHS='"$(GPU_ARCHS)"' \
  -DNLG_BUILD='"$(shell cat $(PUBLIC) $(GPU_SOURCES) | sha256sum | cut -c1-16)"'
$(BUILD)/gpu/random.o:  NVCC_FLAGS += -fmad=false # the CPU's bits: no product and sum in one rounding
nvcc:
	@command -v $(NVCC) >/dev/null || { echo "numlab: the GPU plugin needs CUDA's compiler, and '$(NVCC)' is not \
	there. Install CUDA 12 or later, or say where it is: make gpu NVCC=/usr/local/cuda/bin/nvcc" >&2; exit 1; }

# --- what Debian calls what we need (make deps) ------------------------------------------------------------------
DEPS_BUILD := gcc libc6-dev liblua5.4-dev
# borrowed at run time, each optional: `numlab doctor` says what the absence of one costs
DEPS_RUN   := gnuplot-nox libopenblas0-pthread libcxsparse3 libklu1 libumfpack5 libcholmod3 libzip4 libsqlite3-0 libedit2
DEPS_TEST  := lua5.4 perl libcmocka-dev lua-busted lua-cjson pkg-config tmux
DEPS_LINT  := clang-format clang-tidy lua-check

deps: ; @sh .ci/deps need $(DEPS_BUILD) -- $(DEPS_RUN)
deps-test: ; @sh .ci/deps need $(DEPS_BUILD) $(DEPS_TEST) -- $(DEPS_RUN)
deps-lint: ; @sh .ci/deps need $(DEPS_BUILD) $(DEPS_LINT) --

# --- the two commands of the README: sub-makes, because what deps installs changes what this file sees -----------
demo: deps
	@$(MAKE) --no-print-directory all
	$(BUILD)/numlab run experiments/task1_sweep.lua quick=true
test: deps-test
	@$(MAKE) --no-print-directory check

# --- tests: check installs nothing -------------------------------------------------------------------------------
FAKE := $(BUILD)/tests/engine/device/fake.so
c-tests: $(C_TESTS) $(FAKE)
$(FAKE): $(FAKE:.so=.o) # a device of host memory, for machines without one
	@echo "  LD $@"; $(CC) $(LDFLAGS) -shared -o $@ $<
# each takes the path of the plugin; without a GPU it says why and passes
gpu-tests: gpu $(BUILD)/tests/gpu/plugin_check $(BUILD)/tests/gpu/attention_check $(BUILD)/tests/gpu/lu_check
$(BUILD)/tests/gpu/plugin_check: $(patsubst %,$(BUILD)/tests/gpu/%.o,plugin check_tensors check_numbers check_sparse)
$(BUILD)/tests/gpu/lu_check: $(BUILD)/tests/gpu/plugin.o
$(BUILD)/tests/gpu/%.o: CFLAGS += -DNL_HEADERS='"$(HEADERS_ID)"'
$(BUILD)/tests/gpu/%.o: $(PUBLIC)
$(BUILD)/tests/gpu/%: $(BUILD)/tests/gpu/%.o $(BUILD)/libnumlab.a
	@echo "  LD $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libnumlab.a -ldl $(LDLIBS)
check: all c-tests
	@BUILD=$(BUILD) PROVE_FLAGS='$(PROVE_FLAGS)' sh tests/run.sh $(C_TESTS) $(wildcard tests/lua/*_spec.lua tests/program/*.t)

# --- lint: a stamp a file remembers what passed, so a second run is quick -----------------------------------------
C_FILES   := $(wildcard engine/*/*.[ch] engine/cpu/*/*.[ch] engine/include/numlab/*.h bindings/*.[ch] tests/engine/*/*.[ch] \
  docs/examples/*.c)
GPU_FILES := $(wildcard gpu/*.cu gpu/*.h gpu/*/*.cu gpu/*/*.cuh tests/gpu/*.[ch])
LUA_FILES := $(filter-out %.meta.lua,$(wildcard scripts/*/*.lua scripts/lib/numlab/*.lua \
  scripts/lib/numlab/*/*.lua tests/lua/*.lua docs/examples/*.lua))
TIDY      := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(filter-out %_tmpl.c,$(filter-out tests/% docs/%,$(filter %.c,$(C_FILES)))))
HEADERS   := $(patsubst %.h,$(BUILD)/alone/%.ok,$(wildcard engine/include/numlab/*.h))
JOBS      := $(shell nproc)

lint: deps-lint
	@$(MAKE) --no-print-directory -j$(JOBS) lint-format lint-lua lint-c
lint-format:
	@clang-format --dry-run -Werror $(C_FILES) $(GPU_FILES)
lint-lua:
	@luacheck -q $(LUA_FILES)
lint-c: $(TIDY) $(HEADERS)
$(BUILD)/tidy/engine/%.ok: engine/%.c .clang-tidy
	@mkdir -p $(@D); echo "  TIDY $<"; clang-tidy --quiet $< -- -std=c11 -D_GNU_SOURCE -Iengine/include -Iengine \
	  $(LEVEL) 2>/dev/null && touch $@
$(BUILD)/tidy/engine/cpu/avx2/%:   LEVEL := $(AVX2)
$(BUILD)/tidy/engine/cpu/avx512/%: LEVEL := $(AVX512)
$(BUILD)/tidy/bindings/%.ok: bindings/%.c .clang-tidy
	@mkdir -p $(@D); echo "  TIDY $<"
	@clang-tidy --quiet $< -- -std=c11 -D_GNU_SOURCE -Iengine/include -Ibindings -isystem $(LUA_DIR) -DNL_VERSION='"0"' \
	  2>/dev/null && touch $@
# Each public header compiles alone.
$(BUILD)/alone/%.ok: %.h
	@mkdir -p $(@D); $(CC) -std=c11 $(WARN) -Iengine/include -fsyntax-only -x c $< && touch $@
format:
	clang-format -i $(C_FILES) $(GPU_FILES)

# --- sanitisers, size, installing ----------------------------------------------------------------------------------
asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-asan SAN=address,undefined check
# Borrowed libraries are not instrumented: what their threads do would look like races.
tsan:
	@TSAN_OPTIONS=ignore_noninstrumented_modules=1 $(MAKE) --no-print-directory BUILD=$(BUILD)-tsan SAN=thread check
size:
	@for d in engine/*/ bindings/ scripts/*/ scripts/lib/numlab/ tests/*/; do \
	  printf '%7d  %s\n' $$(find $$d -name '*.[ch]' -o -name '*.lua' -o -name '*.t' | xargs cat | wc -l) $$d; done

# the reference and the manual pages, from the annotations and from what the program says of itself
docs: all
	@for f in markdown html man man3; do $(BUILD)/numlab doc --format=$$f --out=$(BUILD)/docs || exit 1; done

SHARE := $(DESTDIR)$(PREFIX)/share/numlab
MAN   := $(DESTDIR)$(PREFIX)/share/man
PAGES := $(DESTDIR)$(PREFIX)/share/doc/numlab
install: all docs
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/lua/5.4 $(DESTDIR)$(PREFIX)/lib/pkgconfig $(SHARE) \
	  $(DESTDIR)$(PREFIX)/include/numlab
	install $(BUILD)/numlab $(DESTDIR)$(PREFIX)/bin/numlab
	install -m 644 $(BUILD)/numlab.so $(DESTDIR)$(PREFIX)/lib/lua/5.4/numlab.so
	install -m 644 $(BUILD)/libnumlab.a $(DESTDIR)$(PREFIX)/lib/libnumlab.a
	install -m 644 engine/include/numlab/*.h $(DESTDIR)$(PREFIX)/include/numlab/
	install -m 644 bindings/numlab.h $(DESTDIR)$(PREFIX)/include/numlab.h
	if [ -e $(BUILD)/numlab_cuda.so ]; then \
	  install -D -m 644 $(BUILD)/numlab_cuda.so $(DESTDIR)$(PREFIX)/lib/numlab/numlab_cuda.so; fi
	cp -R scripts/. $(SHARE)/
	install -d $(SHARE)/meta
	install -m 644 bindings/*.meta.lua $(SHARE)/meta/
	install -D -m 644 $(BUILD)/docs/numlab.1 $(MAN)/man1/numlab.1
	install -D -m 644 $(BUILD)/docs/numlab.3lua $(MAN)/man3/numlab.3lua
	install -d $(PAGES)
	install -m 644 $(BUILD)/docs/reference.html $(BUILD)/docs/reference.md $(PAGES)/
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: numlab' 'Description: the numlab engine' 'Version: $(VERSION)' \
	  'Cflags: -I$${prefix}/include' 'Libs: -L$${prefix}/lib -lnumlab -lm' > $(DESTDIR)$(PREFIX)/lib/pkgconfig/numlab.pc
	printf '%s\n' 'prefix=$(PREFIX)' 'modules=$${prefix}/lib/lua/5.4' 'Name: numlab-lua' \
	  'Description: numlab for programs that embed Lua' 'Version: $(VERSION)' 'Requires: lua5.4' \
	  'Cflags: -I$${prefix}/include' 'Libs: -L$${modules} -Wl,-rpath,$${modules} -l:numlab.so' \
	  > $(DESTDIR)$(PREFIX)/lib/pkgconfig/numlab-lua.pc
uninstall:
	rm -rf $(SHARE) $(PAGES) $(DESTDIR)$(PREFIX)/include/numlab $(DESTDIR)$(PREFIX)/lib/numlab
	rm -f $(MAN)/man1/numlab.1 $(MAN)/man3/numlab.3lua
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/numlab lib/lua/5.4/numlab.so lib/libnumlab.a include/numlab.h \
	  lib/pkgconfig/numlab.pc lib/pkgconfig/numlab-lua.pc)

DIST := $(BUILD)/numlab-$(VERSION)-x86_64
dist: all docs
	sh .ci/dist $(BUILD) $(DIST)
	tar -C $(BUILD) -czf $(DIST).tar.gz $(notdir $(DIST))

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan

.PHONY: all gpu nvcc gpu-tests deps deps-test deps-lint demo test c-tests check lint lint-format lint-lua lint-c format asan tsan size \
  docs install uninstall dist clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
