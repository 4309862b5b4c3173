# Thin front of Meson: `make` builds, `make check` tests, `make demo` shows a whole backtest.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= 2

.PHONY: all deps demo check soak install format clean
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j$(JOBS) | tail -n 1

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo "meson is missing: run \`make deps\` first" >&2; exit 1; }
	@meson setup $(BUILD) --prefix=$(PREFIX) >/dev/null

deps:
	@sh scripts/deps.sh

demo: deps
	@$(MAKE) --no-print-directory all
	@$(BUILD)/perpetua run --demo

check: deps
	@echo "== build and quick tests"
	@$(MAKE) --no-print-directory all
	@meson test -C $(BUILD) --no-rebuild --suite quick --print-errorlogs
	@echo "== the same with clang, address and undefined behaviour sanitizers"
	@test -f build-asan/build.ninja || CC=clang-14 meson setup build-asan -Doptimization=1 \
	    -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C build-asan -j$(JOBS) | tail -n 1
	@meson test -C build-asan --no-rebuild --suite quick --timeout-multiplier 4 --print-errorlogs

soak: deps
	@$(MAKE) --no-print-directory all
	@meson test -C $(BUILD) --no-rebuild --suite soak --print-errorlogs

install: all
	@meson install -C $(BUILD)

format:
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' 'include/*.h' | xargs clang-format -i

clean:
	@rm -rf $(BUILD) build-asan
