# SPDX-License-Identifier: Apache-2.0
# The project's commands; `make` alone lists them.

SIM    ?= verilator
WIDTH  ?=
PRESET ?= basic
CASES  ?=
SEED   ?=
FIRST  ?=
N      ?= 10000
WAVES  ?=
SEEDS  ?= 1,2,3
QUICK  ?=
MODES  ?=
MIXES  ?=
ENGINE ?= both
MBYTES ?= 32
CORRUPT ?=
JOBS   ?= $(shell nproc)

# These reach Python as options, never through the environment.
unexport WAVES SIM WIDTH SEED MODES ENGINE MBYTES CORRUPT MIXES

PYTHON := .venv/bin/python
STAMP  := .venv/ready
OWN    := hdl model tb
PATHS  := PYTHONPATH=hdl:model:tb

# Bad values end here with one line, before anything is set up or built.
one_of = $(if $(filter-out $(2),$(or $($(1)),$(firstword $(2)))),$(error $(1) is '$($(1))', \
  expected one of: $(2)))
$(call one_of,SIM,verilator icarus)
$(call one_of,WIDTH,64 128 256 512)
$(call one_of,PRESET,basic full)

# For what shows all that there is: tunnels are asked for unless PRESET=basic is given.
FULL_UNLESS_GIVEN := $(if $(filter file,$(origin PRESET)),full,$(PRESET))

.DEFAULT_GOAL := help
.PHONY: help setup sim test test-full verilog soak live bench implement results lint clean

help:
	@echo 'make sim        captured Linux super-frames through the core, each segment compared'
	@echo '                SIM=verilator|icarus WIDTH=64|128|256|512 (512) WAVES=1'
	@echo '                PRESET=full|basic (full; basic leaves the VXLAN capture out)'
	@echo '                SEED=n (random gaps and stalls) CASES=vector file or directory'
	@echo 'make test       lint and tests: everything at 64 and 512 bits, a sample elsewhere'
	@echo 'make test-full  all tests at all widths, 10,000 random frames at each'
	@echo 'make verilog    build/verilog/gso_tx_<width>.v   WIDTH (512) PRESET=basic|full'
	@echo 'make soak       random frames, good and bad, against the model'
	@echo '                N (10000) a width, SEED, WIDTH (all), FIRST (to replay one), SIM, PRESET'
	@echo 'make live       two network namespaces talk through the RTL (root); WIDTH (512) PRESET (full)'
	@echo '                MODES=tcp4,... (all) MBYTES (32) each way, ENGINE=rtl|model|both CORRUPT=1'
	@echo 'make bench      bus use against the floor, latency, speeds      WIDTH (all) MIXES (none)'
	@echo 'make implement  clock and area with Yosys and nextpnr, recorded in docs/results.json'
	@echo '                WIDTH (512) PRESET=basic|full SEEDS (1,2,3) QUICK=1 (one, not recorded)'
	@echo 'make results    docs/results.md from what bench and implement recorded'
	@echo 'make lint       ruff, pyright on the model'
	@echo 'make setup      virtual environment and tools; the others call it when needed'
	@echo 'make clean      removes build/ (not the virtual environment)'

setup: $(STAMP)

$(STAMP): pyproject.toml tb/setup.sh
	@tb/setup.sh
	@touch $@

sim: $(STAMP)
	@$(PATHS) $(PYTHON) tb/sim.py --sim '$(SIM)' --width '$(or $(WIDTH),512)' \
	  --preset '$(FULL_UNLESS_GIVEN)' --cases '$(CASES)' --seed '$(SEED)' $(if $(filter-out 0,$(WAVES)),--waves)

test: lint
	@$(PATHS) $(PYTHON) -m pytest -n $(JOBS) --dist worksteal -q

test-full: lint
	@$(PATHS) $(PYTHON) -m pytest -n $(JOBS) --dist worksteal -q --full

verilog: $(STAMP)
	@$(PATHS) $(PYTHON) -m gso_hdl.generate --width $(or $(WIDTH),512) --preset $(PRESET) \
	  --output build/verilog/gso_tx_$(or $(WIDTH),512).v
	@echo build/verilog/gso_tx_$(or $(WIDTH),512).v

soak: $(STAMP)
	@$(PATHS) $(PYTHON) tb/soak.py --n '$(N)' --seed '$(or $(SEED),1)' --first '$(or $(FIRST),0)' \
	  --width '$(WIDTH)' --sim '$(SIM)' --preset '$(PRESET)'

live: $(STAMP)
	@$(PATHS) $(PYTHON) -m live --modes '$(MODES)' --width '$(or $(WIDTH),512)' \
	  --preset '$(FULL_UNLESS_GIVEN)' --engine '$(ENGINE)' \
	  --mbytes '$(MBYTES)' --seed '$(or $(SEED),1)' $(if $(filter-out 0,$(CORRUPT)),--corrupt)

bench: $(STAMP)
	@$(PATHS) $(PYTHON) -m bench --width '$(WIDTH)' --mixes '$(MIXES)'

implement: $(STAMP)
	@$(PATHS) $(PYTHON) -m implement --width $(or $(WIDTH),512) --preset $(PRESET) \
	  --seeds '$(SEEDS)' $(if $(filter-out 0,$(QUICK)),--quick)

results: $(STAMP)
	@$(PATHS) $(PYTHON) -m results

lint: $(STAMP)
	@.venv/bin/ruff check $(OWN)
	@.venv/bin/ruff format --check $(OWN)
	@.venv/bin/pyright

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
