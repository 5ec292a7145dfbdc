# SPDX-License-Identifier: GPL-2.0-or-later
#
# A thin front; the real work is meson's, sgbench's and qemu-tracepoints/build's.
BUILD ?= build
RESULTS ?= results
# Debian's tools, whatever else is first in PATH.
export PATH := /usr/sbin:/usr/bin:/sbin:/bin
# Named, or meson would use ccache and fill a cache that is not ours.
export CC := gcc
SGBENCH = $(BUILD)/sgbench/sgbench

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo        set up, build, run the main job in the lab and on iSCSI, show it
demo: build qemu
	@rm -rf $(RESULTS)/demo-iscsi $(RESULTS)/demo-lab
	$(SGBENCH) run --no-table --output $(RESULTS)/demo-iscsi configs/demo-iscsi.conf
	$(SGBENCH) lab --no-table --output $(RESULTS)/demo-lab configs/demo-lab.conf
	@$(SGBENCH) report --format text $(RESULTS)/demo-iscsi $(RESULTS)/demo-lab
	@$(SGBENCH) report --output $(RESULTS)/demo.html $(RESULTS)/demo-iscsi \
		$(RESULTS)/demo-lab

## make example     run configs/example.conf, write reports/examples/ from it (5 min)
example: build qemu
	@rm -rf $(RESULTS)/example
	$(SGBENCH) run --no-table --output $(RESULTS)/example configs/example.conf
	@reports/examples/write $(SGBENCH) $(RESULTS)/example

## make check       set up, build, run all tests
check: build qemu-tests
	@tests/run $(BUILD)

## make check-long  what takes too long for that: faults of devices in the lab,
##                  damaged traces, what decoding them costs, the kernel's own
##                  trace in a virtual machine, QEMU after each patch, the
##                  patches on other releases of QEMU, QEMU's tests on the
##                  newest that they are for, its iotests on three builds,
##                  hostile lists by the hundred thousand, the calibration of
##                  compare, which lines of the patches no test executes, QEMU's
##                  own fuzz target (needs clang). All are run, whatever fails.
##                  What the last nine find is kept, and shown by make check
##                  with its age
check-long: build qemu
	@tests/all \
		"meson test -C $(BUILD) --no-rebuild --print-errorlogs --suite long" \
		"tests/kernel-trace long . $(BUILD)" \
		"qemu-tracepoints/build --each-patch" \
		"qemu-tracepoints/releases" \
		"qemu-tracepoints/tests/newer long" \
		"qemu-tracepoints/tests/iotests long" \
		"tests/fuzz long . $(BUILD)" \
		"tests/calibration long . $(BUILD)" \
		"qemu-tracepoints/tests/coverage long" \
		"qemu-tracepoints/tests/generic-fuzz long" \
		"SGBENCH_DAMAGE_SEEDS=300 $(BUILD)/analysis/test-trace-damage" \
		"$(BUILD)/analysis/bench $(BUILD)"

## make bench-analysis  what the babeltrace2 plugin costs beside decoding
bench-analysis: build
	@$(BUILD)/analysis/bench $(BUILD)

## make build       set up and build sgbench
build: setup
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) >$(BUILD).log 2>&1 || \
		{ tail -n 20 $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log
	@meson compile -C $(BUILD)

## make qemu        set up and build QEMU (upstream, baseline, series, ablation), cached
qemu: setup
	@qemu-tracepoints/build

## make qemu-tests  the same, and the programs of QEMU's tests that we run
qemu-tests: setup
	@qemu-tracepoints/build --qtests

## make setup       install missing Debian packages
setup:
	@./setup

## make format      lay the code out with clang-format
format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

## make clean       remove what was built here (not the QEMU cache)
clean:
	rm -rf $(BUILD) $(BUILD)-asan

.PHONY: help demo example check check-long bench-analysis build qemu qemu-tests setup format clean
