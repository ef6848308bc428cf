# Every job of the project. Each target does its own set-up (tools/bootstrap.sh) and can be called alone on a bare Debian 12.
#
#   make demo       build, then train, evaluate and predict on a real table
#   make test       every test and check; FAST=1 runs the C++ tests optimised alone, without the sanitizer build
#   make build      .venv/bin/kolosal, and `import kolosal` in .venv/bin/python
#   make check      formatting, layers, documentation, types, generated files, clang-tidy on what differs from main
#   make check-all  the same with clang-tidy on every file
#   make bench-preprocess  transformers beside polars, pandas and scikit-learn
#   make bench-learners    learners beside LightGBM and scikit-learn
#   make bench-tuner      samplers and storages beside Optuna; 16 processes on one study, five of them killed
#   make bench-out-of-core  files of 10 and 20 million rows preprocessed under --memory 500MB
#   make bench      microbenchmarks           make coverage   line coverage, at least 90 %
#   make docs       generated reference pages make fuzz       every fuzz target for FUZZ_SECONDS (60) each
#   make format     rewrite formatting        make tsan       tests under ThreadSanitizer
#   make wheel      a wheel of the Python package with the program, in dist/
#   make clean      removes build/; .venv stays

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.NOTPARALLEL:

# A compiler of this code takes up to 1.5 GB under sanitizers.
JOBS ?= $(shell awk -v cores=$$(nproc) '/MemAvailable/ {n = int($$2 / 1572864); if (n > cores) n = cores; print n < 1 ? 1 : n}' /proc/meminfo)
FUZZ_SECONDS ?= 60
PYTHON := .venv/bin/python
SITE = $$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
CXX_FILES = git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h'
PYTHON_FOLDERS := $(wildcard python tools tests benchmarks examples conftest.py)

.PHONY: build demo test test-cxx test-sanitized test-python check check-all lint tidy tidy-all bench bench-preprocess bench-learners bench-tuner bench-out-of-core docs wheel format coverage fuzz tsan clean setup setup-test

setup:
	@tools/bootstrap.sh build
setup-test:
	@tools/bootstrap.sh test

build/%/build.ninja:
	cmake --preset $*

build: setup build/release/build.ninja
	cmake --build --preset release -j $(JOBS) --target product
	ln -sfn ../../build/release/cli/kolosal .venv/bin/kolosal
	echo "$(CURDIR)/build/release/python" > $(SITE)/kolosal.pth

demo: build
	examples/demo.sh

test: test-cxx $(if $(FAST),,test-sanitized) test-python check

# The sanitizer build runs every C++ test; these run optimised as well: of code that lives by what the optimiser makes of it, and of processes
# that fork beside threads, which the sanitizer's allocator does not bear.
OPTIMISED := kernels_test models_test learner_contract_test transformer_contract_test storage_contract_test
space := $(subst ,, )

test-cxx: setup-test build
	cmake --build --preset release -j $(JOBS) --target $(if $(FAST),kolosal_tests,$(OPTIMISED))
	ctest --preset release -j $(JOBS) $(if $(FAST),,-R '^($(subst $(space),|,$(OPTIMISED)))$$')

test-sanitized: setup-test build/dev/build.ninja
	cmake --build --preset dev -j $(JOBS) --target kolosal_tests
	ctest --preset dev -j $(JOBS)

test-python: setup-test build
	# Threads of OpenMP and OpenBLAS in the peers would spin while they wait, on cores that others need.
	OMP_WAIT_POLICY=PASSIVE OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest -n $(JOBS) --dist worksteal

tsan: setup-test build/tsan/build.ninja
	cmake --build --preset tsan -j $(JOBS)
	ctest --preset tsan -j $(JOBS)

check: lint tidy
check-all: lint tidy-all

lint: setup-test build
	$(CXX_FILES) | xargs -0 clang-format-14 --dry-run --Werror
	$(PYTHON) -m ruff format --check --quiet $(PYTHON_FOLDERS)
	$(PYTHON) -m ruff check --quiet $(PYTHON_FOLDERS)
	$(PYTHON) tools/check_layers.py
	$(PYTHON) tools/check_docs.py
	$(PYTHON) tools/generate.py --check
	$(PYTHON) -m mypy

tidy: setup-test build/release/build.ninja
	$(PYTHON) tools/tidy.py --jobs $(JOBS) --seconds 150
tidy-all: setup-test build/release/build.ninja
	$(PYTHON) tools/tidy.py --jobs $(JOBS) --all

docs: build
	$(PYTHON) tools/generate.py

format: setup-test
	$(CXX_FILES) | xargs -0 clang-format-14 -i
	$(PYTHON) -m ruff format $(PYTHON_FOLDERS)
	$(PYTHON) -m ruff check --fix $(PYTHON_FOLDERS)

wheel: setup
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

bench-preprocess: setup-test build
	$(PYTHON) benchmarks/preprocess.py

bench-learners: setup-test build
	cmake --build --preset release -j $(JOBS) --target kolosal_fit
	$(PYTHON) benchmarks/learners.py

bench-tuner: setup-test build
	$(PYTHON) benchmarks/tuner.py
	$(PYTHON) benchmarks/tuner_storages.py

bench-out-of-core: setup-test build
	$(PYTHON) benchmarks/out_of_core.py

bench: build
	cmake --build --preset release -j $(JOBS) --target kolosal_bench
	build/release/kolosal_bench

coverage: setup-test build/coverage/build.ninja
	cmake --build --preset coverage -j $(JOBS)
	find build/coverage -name '*.gcda' -delete
	ctest --preset coverage -j $(JOBS)
	gcovr -j $(JOBS) --root . --object-directory build/coverage --gcov-executable gcov-12 --filter kolosal/ --filter cli/ --exclude '.*_(test|bench)\.cc' \
	  --exclude-unreachable-branches --exclude-throw-branches --html-details build/coverage/lines.html --print-summary --fail-under-line 90

fuzz: setup-test build/fuzz/build.ninja
	cmake --build --preset fuzz -j $(JOBS)
	tools/fuzz.sh $(FUZZ_SECONDS)

clean:
	rm -rf build
