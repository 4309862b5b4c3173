# Thin front to Meson and ninja. `make help` lists what there is.
BUILD  ?= build
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)
NINJA  := ninja -j$(JOBS)
CLANG  ?= clang
# Instrumented code confuses gcc's flow warnings; the other two builds hold them as errors.
SANITIZE := -Db_sanitize=address,undefined -Dc_args=-fsanitize=float-cast-overflow \
            -Db_lundef=false --buildtype=debugoptimized -Doptimization=1 -Dwerror=false
say = @echo "==> $(1)"

FUZZ_SECONDS ?= 60

.PHONY: all deps demo check check-normal check-sanitized check-clang check-threads soak fuzz install uninstall deb \
        format clean help

all: $(BUILD)/build.ninja
	@$(NINJA) -C $(BUILD)

help:
	@echo "make          builds $(BUILD)/perpetua"
	@echo "make deps     installs what is missing (apt, npm); does nothing if nothing is"
	@echo "make demo     deps, build, and a first run with its report"
	@echo "make check    deps, build, quick tests: normal, with sanitizers, and a clang build"
	@echo "make soak     the long tests, fuzzing included"
	@echo "make check-threads  what uses threads, with TSan; part of soak"
	@echo "make fuzz     every fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS))"
	@echo "make install  to PREFIX ($(PREFIX)), below DESTDIR if given; make uninstall takes it away"
	@echo "make deb      a Debian package in $(BUILD)/"
	@echo "make format   lays out the C files with clang-format 14"
	@echo "make clean    removes the build folders"

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo "meson is missing: run 'make deps' first" >&2; exit 1; }
	$(call say,configure $(BUILD))
	@meson setup $(BUILD) --prefix $(PREFIX) $(if $(NO_TESTS),-Dtests=false) >$(BUILD).log 2>&1 \
	  || { cat $(BUILD).log; rm -rf $(BUILD) $(BUILD).log; exit 1; }
	@mv $(BUILD).log $(BUILD)/setup.log

build-asan/build.ninja:
	$(call say,configure build-asan (ASan and UBSan))
	@meson setup build-asan $(SANITIZE) >/dev/null

build-clang/build.ninja:
	$(call say,configure build-clang)
	@CC=$(CLANG) meson setup build-clang -Dtests=false >/dev/null

deps:
	@scripts/deps.sh

demo: deps
	@$(MAKE) --no-print-directory all
	$(call say,$(BUILD)/perpetua run --demo)
	@$(BUILD)/perpetua run --demo

# Every part runs even if an earlier one failed, so that one run shows everything.
check: deps
	@status=0; for part in normal sanitized clang; do \
	  $(MAKE) --no-print-directory check-$$part || status=1; done; exit $$status

check-normal: $(BUILD)/build.ninja
	$(call say,quick tests)
	@$(NINJA) -C $(BUILD) && meson test -C $(BUILD) --no-rebuild --suite quick --print-errorlogs

check-sanitized: build-asan/build.ninja
	$(call say,quick tests with ASan and UBSan)
	@$(NINJA) -C build-asan && ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 \
	  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	  meson test -C build-asan --no-rebuild --suite quick --print-errorlogs --timeout-multiplier 4

check-clang: build-clang/build.ninja
	$(call say,clang build without warnings)
	@$(NINJA) -C build-clang

soak: deps
	@$(MAKE) --no-print-directory all
	$(call say,long tests)
	@meson test -C $(BUILD) --no-rebuild --suite soak --print-errorlogs
	@$(MAKE) --no-print-directory check-threads fuzz

build-tsan/build.ninja:
	$(call say,configure build-tsan (TSan))
	@meson setup build-tsan -Db_sanitize=thread --buildtype=debugoptimized -Dwerror=false \
	  -Db_lundef=false >/dev/null

# Criterion does not start under TSan: a program of its own, and a sweep.
check-threads: build-tsan/build.ninja
	$(call say,what uses threads with TSan)
	@$(NINJA) -C build-tsan perpetua tests/api/threads && rm -rf build-tsan/sweep && export TSAN_OPTIONS=halt_on_error=1 \
	  && build-tsan/tests/api/threads && build-tsan/perpetua sweep plays/ema_cross.yml --jobs 4 --keep-top 2 \
	  --synthetic regime_mix,bars=14400,seed=3 --vary fast=5:20:5 --vary slow=30:60:10 --out build-tsan/sweep

build-fuzz/build.ninja:
	$(call say,configure build-fuzz (libFuzzer with ASan and UBSan))
	@CC=$(CLANG) meson setup build-fuzz -Dfuzz=true --buildtype=debugoptimized -Dwerror=false \
	  -Db_lundef=false >/dev/null

fuzz: build-fuzz/build.ninja
	$(call say,fuzz)
	@ninja -C build-fuzz $$(ninja -C build-fuzz -t targets all | sed -n 's/^\(.*fuzz_[a-z]*\): c_LINKER/\1/p') >/dev/null
	@scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

install: all
	$(call say,install below $(DESTDIR)$(PREFIX))
	@meson configure $(BUILD) --prefix $(PREFIX) && DESTDIR="$(DESTDIR)" meson install -C $(BUILD)

uninstall:
	$(call say,uninstall)
	@ninja -C $(BUILD) uninstall

deb: deps
	$(call say,Debian package)
	@packaging/deb.sh $(BUILD)

format:
	@python3 tests/tools/check_format.py --fix .

clean:
	rm -rf $(BUILD) build-asan build-clang build-tsan build-fuzz build-deb
