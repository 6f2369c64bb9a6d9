# Makefile - builds walferry and libtestdecoding, tests them, and installs what that needs.
#
#   make            build/walferry and build/libtestdecoding.a
#   make help       every target
#   WERROR=1        warnings are errors (CI)
#   V=1             show whole commands
#   PYTEST_ARGS=…   passed to pytest, for instance PYTEST_ARGS='-k toast'

CC       ?= cc
PREFIX   ?= /usr/local
PYTHON   ?= /usr/bin/python3
RE2C     ?= re2c
SAY       = $(if $(V),,@echo '  $(1)  $(2)' &&)
NEEDLIBS := libpq libcurl libcrypto jansson

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wcast-qual $(if $(WERROR),-Werror)
CFLAGS   ?= -O2 -g
# The $(shell) calls below run when a compiler does: make deps may have installed pkg-config by then.
FLAGS     = -std=c11 -D_GNU_SOURCE -Isrc $(WARNINGS) $(shell pkg-config --cflags $(NEEDLIBS))
LIBS      = $(shell pkg-config --libs $(NEEDLIBS))
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -fno-omit-frame-pointer

SOURCES  := $(sort $(wildcard src/*/*.c))
TESTS    := $(sort $(wildcard tests/unit/*.c))
HEADERS  := $(sort $(wildcard src/*/*.h))
# A library of the decoder alone: what it takes from base stands in headers.
LIBRARY  := src/decode/parser.c src/decode/td_lexer.c
VERSION  := $(shell sed -n 's/.*WALFERRY_VERSION "\(.*\)"/\1/p' src/cli/version.h)
# The library's ABI: its number grows when a program linked before must be compiled again.
SONAME   := libtestdecoding.so.0
SHARED   := libtestdecoding.so.$(VERSION)

.PHONY: all help deps check unit integration asan lint fuzz demo crash bench lexer fixtures \
        install clean toolcheck
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

all: build/walferry build/libtestdecoding.a ## the program and the decoder's library (the default)

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

# --- what a target needs on the machine -----------------------------------------------------------

# Plain 'make' only says what is missing; a target that runs something real installs it first.
# kinesis: an emulator and a reading client; servers: PostgreSQL majors that Debian 12 doesn't have.
goals_of = $(filter $(1),$(MAKECMDGOALS))
GROUPS  := build \
           $(if $(call goals_of,deps check unit integration asan demo crash bench fixtures),test) \
           $(if $(call goals_of,deps check integration asan demo crash bench),kinesis) \
           $(if $(call goals_of,deps check integration asan),servers) \
           $(if $(call goals_of,deps lint lexer),lint) \
           $(if $(call goals_of,deps fuzz),fuzz)
READY   := $(if $(filter-out build,$(GROUPS)),deps,toolcheck)

deps: ## install what is missing: Debian packages, and test pieces from npm under build/
	@sh tests/tools/install-deps.sh $(GROUPS)

toolcheck:
	@sh tests/tools/install-deps.sh --check build

# --- building: build/ as it ships, build/asan/ under the sanitizers --------------------------------

# $(call variant,DIR,FLAGS): the rules for one build of everything.
define variant
$(1)/obj/%.o: %.c | $$(READY)
	@mkdir -p $$(@D)
	$$(call SAY,CC,$$<) $$(CC) $$(FLAGS) $$(CFLAGS) $(2) $$(CPPFLAGS) -MMD -MP -c -o $$@ $$<

$(1)/obj/tests/%.o: tests/%.c | $$(READY)
	@mkdir -p $$(@D)
	$$(call SAY,CC,$$<) $$(CC) $$(FLAGS) -Itests $$(shell pkg-config --cflags check) $$(CFLAGS) $(2) $$(CPPFLAGS) \
	    -MMD -MP -c -o $$@ $$<

$(1)/walferry: $$(SOURCES:%.c=$(1)/obj/%.o)
	$$(call SAY,LD,$$@) $$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)

# From an archive the linker takes what the tests call, so main.c stays out.
$(1)/unit.a: $$(SOURCES:%.c=$(1)/obj/%.o)
	@rm -f $$@
	$$(call SAY,AR,$$@) $$(AR) rcs $$@ $$^

$(1)/unit: $$(TESTS:%.c=$(1)/obj/%.o) $(1)/unit.a
	$$(call SAY,LD,$$@) $$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) \
	    $$(shell pkg-config --libs check)

-include $$(SOURCES:%.c=$(1)/obj/%.d) $$(TESTS:%.c=$(1)/obj/%.d)
endef

$(eval $(call variant,build,))
$(eval $(call variant,build/asan,$(SANITIZE)))

build/pic/%.o: %.c | $(READY)
	@mkdir -p $(@D)
	$(call SAY,CC,$<) $(CC) $(FLAGS) -fPIC $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

build/$(SHARED): $(LIBRARY:%.c=build/pic/%.o) src/decode/libtestdecoding.map
	$(call SAY,LD,$@) $(CC) $(CFLAGS) -shared -Wl,-soname,$(SONAME) \
	    -Wl,--version-script=src/decode/libtestdecoding.map $(LDFLAGS) -o $@ $(filter %.o,$^)

build/test_decoding.h: src/decode/public_header.sh src/decode/change.h src/decode/parser.h
	@mkdir -p $(@D)
	$(call SAY,GEN,$@) sh src/decode/public_header.sh >$@

-include $(LIBRARY:%.c=build/pic/%.d)

build/libtestdecoding.a: $(LIBRARY:%.c=build/obj/%.o)
	@rm -f $@
	$(call SAY,AR,$@) $(AR) rcs $@ $^

# --- testing --------------------------------------------------------------------------------------

# A leak or an undefined operation ends the program with a status that no test expects.
ASAN_ENV := ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 \
            UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
PYTEST   := $(PYTHON) -B -m pytest -p no:cacheprovider tests/integration $(PYTEST_ARGS)

FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,build/fuzz/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZED  := $(LIBRARY) src/base/buf.c tests/unit/printer.c
# What valgrind runs.
COUNTED := build/count $(FUZZERS:build/fuzz/fuzz_%=build/replay_%)

check: unit integration asan ## every test: unit and integration, then the same under ASan and UBSan

unit: build/unit ## unit tests
	build/unit

integration: build/walferry $(COUNTED) ## integration tests on PostgreSQL 11, 13, 15, 17, 18
	$(PYTEST)

asan: build/asan/unit build/asan/walferry $(COUNTED) ## all tests under ASan and UBSan
	$(ASAN_ENV) build/asan/unit
	$(ASAN_ENV) WALFERRY=build/asan/walferry $(PYTEST)

# One suite after the other, whatever -j says: they share the machine's cores.
ifneq ($(call goals_of,check),)
integration: | unit
asan: | integration
endif

lint: build/walferry ## style, banned calls, include table, options against docs, stale lexer
	@$(PYTHON) -B tests/tools/lint.py

# At -O2 whatever CFLAGS says, since the bounds in test_cost.py are for that; and DWARF 4, since
# valgrind 3.19 can't read clang's DWARF 5.
build/count: bench/count.c bench/rows.c bench/rows.h $(LIBRARY) $(HEADERS) | $(READY)
	@mkdir -p $(@D)
	$(call SAY,LD,$@) $(CC) $(FLAGS) -O2 -gdwarf-4 -o $@ $(filter %.c,$^)

build/replay_%: tests/fuzz/replay.c tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h tests/unit/printer.h \
        $(FUZZED) $(HEADERS) | $(READY)
	@mkdir -p $(@D)
	$(call SAY,LD,$@) $(CC) $(FLAGS) -Itests -O1 -gdwarf-4 -o $@ $(filter %.c,$^)

# For each target; python3 tests/tools/fuzz.py --keep then takes over what was found.
FUZZ_SECONDS ?= 60

fuzz: $(FUZZERS) ## libFuzzer on the row parser and the unquoting, FUZZ_SECONDS each
	@$(PYTHON) -B tests/tools/fuzz.py --seconds $(FUZZ_SECONDS)

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h tests/unit/printer.h $(FUZZED) $(HEADERS) \
        | $(READY)
	@mkdir -p $(@D)
	$(call SAY,FUZZ,$@) clang $(FLAGS) -Itests -g $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(FUZZED)

demo: build/walferry ## a real PostgreSQL into a Kinesis emulator and back, checked
	@$(PYTHON) -B tests/tools/demo.py

crash: build/walferry ## the same under kill -9 at 20 random moments
	@$(PYTHON) -B tests/tools/crash.py --kills 20

bench: build/walferry build/bench-parser ## speed and memory against their bars
	@$(PYTHON) -B bench/bench.py

build/bench-parser: build/obj/bench/parser.o build/obj/bench/rows.o build/libtestdecoding.a
	$(call SAY,LD,$@) $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

# --- the rest -------------------------------------------------------------------------------------

lexer: | $(READY) ## make src/decode/td_lexer.c anew from grammar/test_decoding.re
	$(RE2C) -W -Werror --no-generation-date -i -o src/decode/td_lexer.c grammar/test_decoding.re

install: build/walferry build/libtestdecoding.a build/$(SHARED) build/test_decoding.h ## program and library, under $(DESTDIR)$(PREFIX)
	install -D -m 755 build/walferry $(DESTDIR)$(PREFIX)/bin/walferry
	install -D -m 644 build/libtestdecoding.a $(DESTDIR)$(PREFIX)/lib/libtestdecoding.a
	install -D -m 644 build/$(SHARED) $(DESTDIR)$(PREFIX)/lib/$(SHARED)
	ln -sf $(SHARED) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(PREFIX)/lib/libtestdecoding.so
	install -D -m 644 build/test_decoding.h $(DESTDIR)$(PREFIX)/include/test_decoding.h
	@mkdir -p $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' src/decode/testdecoding.pc.in \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/testdecoding.pc

fixtures: | $(READY) ## record fixtures/ anew from PostgreSQL 11 to 18
	@$(PYTHON) -B tests/tools/record_fixtures.py

clean: ## remove build/
	rm -rf build
