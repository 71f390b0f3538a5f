# From a clean clone with python3 (3.10 or newer) and make alone: `make test`, `make parity`.
# Each environment is a folder of its own and is ready once its .ready file stands; that file is
# written last, so an interrupted set-up starts again from nothing.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?= python3
KERAS_PYTHON ?=
CASE ?=
CHROMIUM ?=
ARGS ?=
CC ?= cc
UV := uv==0.13.9

# The interpreter that owns live Keras, and what has to be there before it runs.
keras_python = $(or $(KERAS_PYTHON),.venv-keras/bin/python)
keras_ready = $(if $(KERAS_PYTHON),,.venv-keras/.ready)

# The browser of `make page-test`.
chromium = $(or $(CHROMIUM),$(shell command -v chromium || command -v chromium-browser || \
	command -v google-chrome))

# $(call pip,ENVIRONMENT): pip with every version from constraints.txt. The variables reach the
# build of gru_ref as well, which `pip install -c` does not; a pip too old for the second ignores it.
pip = PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=constraints.txt \
	PIP_BUILD_CONSTRAINT=constraints.txt $(1)/bin/python -m pip install -qq

# $(call venv,ENVIRONMENT): an empty virtual environment of $(PYTHON), or one sentence on why not.
define venv
@command -v "$(PYTHON)" >/dev/null || { \
	echo "PYTHON is '$(PYTHON)', which is no command here, expected Python 3.10 or newer:" \
		"make $(or $(MAKECMDGOALS),$@) PYTHON=/path/to/python3" >&2; exit 1; }
@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	echo "PYTHON is '$(PYTHON)', $$("$(PYTHON)" --version 2>&1), expected Python 3.10 or newer:" \
		"make $(or $(MAKECMDGOALS),$@) PYTHON=/path/to/python3" >&2; exit 1; }
@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "PYTHON is '$(PYTHON)', a Python without its venv and ensurepip modules, expected both:" \
		"on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }
@"$(PYTHON)" -m venv --clear $(1)
endef

# $(call extra,NAME): gru_ref and the extra of that name in .venv-NAME.
define extra
$(call venv,.venv-$(1))
@$(call pip,.venv-$(1)) 'pip>=21.3'
@$(call pip,.venv-$(1)) -e '.[$(1)]'
endef

# $(call remake,ENVIRONMENT): says "remake" where PYTHON was given by hand and another Python made it.
identity := import sys; print(sys.base_prefix, sys.version)
remake = $(if $(filter-out file,$(origin PYTHON)),$(if $(wildcard $(1)/bin/python),$(shell \
	[ "$$($(1)/bin/python -c '$(identity)')" = "$$("$(PYTHON)" -c '$(identity)' 2>/dev/null)" ] \
	|| echo remake)))

.PHONY: help test page-test parity parity-full bench drift files models fixtures fixtures-check record-configs runtimes vectors-test mutants docs dist-test lint format lock clean remake

help:  ## Say what each target does
	@echo 'Targets'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables'
	@echo '  PYTHON=python3       the Python that makes the environments, 3.10 or newer'
	@echo '  KERAS_PYTHON=PATH    your own Python with Keras, for parity and fixtures'
	@echo '  CHROMIUM=PATH        page-test: the browser (default: chromium or google-chrome)'
	@echo '  CC=cc                the C compiler of vectors-test'
	@echo '  CASE=ID              parity, parity-full: run this one case again'
	@echo '  ARGS="..."           more arguments for most of the targets (test: -n 0 for one process)'

test: .venv/.ready  ## Check gru_ref against the fixtures, without Keras
	.venv/bin/python -m pytest -n auto --dist worksteal $(ARGS)

parity: .venv/.ready $(keras_ready)  ## Compare gru_ref with live Keras 2 and Keras 3
	.venv/bin/python -m parity_tests --keras-python "$(keras_python)"$(if $(CASE), --case "$(CASE)") $(ARGS)

parity-full: .venv/.ready $(keras_ready)  ## Compare the full product of the structural axes, and wide/
	.venv/bin/python -m parity_tests.runner.full --keras-python "$(keras_python)"$(if $(CASE), --case "$(CASE)") $(ARGS)

fixtures: .venv/.ready $(keras_ready)  ## Write fixtures/ anew from live Keras
	.venv/bin/python -m parity_tests.recording.export --keras-python "$(keras_python)"

fixtures-check: .venv/.ready  ## Check that fixtures/ are as the tool writes them
	.venv/bin/python -m parity_tests.recording.export --check

record-configs: .venv/.ready $(keras_ready)  ## Write fixtures/configs/ of one interpreter's Keras
	.venv/bin/python -m parity_tests.recording.record_configs --keras-python "$(keras_python)" $(ARGS)

drift: .venv/.ready .venv-lock/.ready  ## Measure every behaviour in 20 releases of Keras
	.venv/bin/python -m parity_tests.runner.drift --uv .venv-lock/bin/uv $(ARGS)

files: .venv/.ready .venv-lock/.ready  ## Read every kind of file that releases of Keras write
	.venv/bin/python -m parity_tests.runner.file_kinds --uv .venv-lock/bin/uv $(ARGS)

models: .venv/.ready .venv-lock/.ready  ## Open whole models of old Keras in Keras 3, converted
	.venv/bin/python -m parity_tests.runner.whole_models --uv .venv-lock/bin/uv $(ARGS)

runtimes: .venv-runtimes/.ready  ## Compare converted weights with PyTorch, ONNX and others
	NODE_PATH="$(CURDIR)/.venv-runtimes/node_modules" JAX_PLATFORMS=cpu \
		.venv-runtimes/bin/python -m pytest parity_tests/tests/runtimes $(ARGS)

# Debian's Chromium and not a browser from npm: it is there for every processor, and apt brings its
# libraries and keeps it up to date.
page-test: .venv-docs/.ready  ## Look at the pages of results in headless Chromium
	@[ -n "$(chromium)" ] || { \
		echo 'Chromium is no command here, expected one: on Debian, apt install chromium; or' \
			'make page-test CHROMIUM=/path/to/chromium' >&2; exit 1; }
	CHROMIUM="$(chromium)" .venv-docs/bin/python -m pytest parity_tests/tests/pages $(ARGS)

bench: .venv-bench/.ready  ## Measure gru_ref beside ONNX Runtime, PyTorch, Keras and others
	.venv-bench/bin/python -m benchmarks $(ARGS)

mutants: .venv/.ready  ## Make mistakes in the engines' sources, in a copy: each has to be seen
	.venv/bin/python -m parity_tests.runner.engine_mutants $(ARGS)

vectors-test: .venv/.ready  ## Compile golden vectors with a GRU in C, compare every gate
	@command -v "$(firstword $(CC))" >/dev/null || { \
		echo "CC is '$(CC)', which is no command here, expected a C compiler:" \
			"make vectors-test CC=/path/to/cc" >&2; exit 1; }
	CC="$(CC)" .venv/bin/python -m pytest parity_tests/tests/compiled $(ARGS)
docs: .venv-docs/.ready  ## Build the site of docs/, its gallery run; a warning is an error
	.venv-docs/bin/python -m sphinx --quiet --fresh-env --fail-on-warning --keep-going \
		--doctree-dir build/doctrees $(ARGS) docs build/docs
	@echo 'The site is build/docs/index.html'

dist-test: .venv-dist/.ready  ## Build wheel and sdist, check and install them
	.venv-dist/bin/python -m pytest parity_tests/tests/dist $(ARGS)

lint: .venv-lint/.ready  ## Run ruff, mypy --strict and import-linter
	.venv-lint/bin/ruff check
	.venv-lint/bin/ruff format --check
	.venv-lint/bin/python -m mypy --strict gru_ref parity_tests/tests/support/typed_calls.py
	.venv-lint/bin/lint-imports --no-logo

format: .venv-lint/.ready  ## Rewrite the code in ruff's format
	.venv-lint/bin/ruff check --fix
	.venv-lint/bin/ruff format

lock: .venv-lock/.ready  ## Resolve constraints.txt again (ARGS=--upgrade: newer)
	@mkdir -p build && cp constraints.txt build/constraints.txt
	.venv-lock/bin/uv pip compile --quiet --universal --no-header \
		--no-python-downloads --python-version 3.10 --extra test --extra cluster --extra keras \
		--extra lint --extra docs --extra dist \
		$(ARGS) --output-file build/constraints.txt pyproject.toml >/dev/null
	@{ echo '# Every version that the environments of the Makefile and tox.ini install: a universal'; \
	echo '# resolution of pyproject.toml for Python 3.10 to 3.13, written only by `make lock`, which'; \
	echo '# keeps what still fits; `make lock ARGS=--upgrade` takes the newest of everything.'; \
	cat build/constraints.txt; } > build/constraints.new && mv build/constraints.new constraints.txt

clean:  ## Remove the environments and everything built
	rm -rf .venv .venv-bench .venv-dist .venv-docs .venv-keras .venv-lint .venv-lock .venv-runtimes build dist docs/generated
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find gru_ref parity_tests -name __pycache__ -prune -exec rm -rf {} +

# pip 21.3 is the first that installs a pyproject.toml in place.
.venv/.ready: pyproject.toml constraints.txt $(call remake,.venv)
	@echo 'Set-up: NumPy and pytest into .venv (about half a minute)'
	$(call venv,.venv)
	@$(call pip,.venv) 'pip>=21.3'
	@$(call pip,.venv) -e '.[test,cluster]'
	@touch $@

.venv-keras/.ready: constraints.txt $(call remake,.venv-keras)
	@echo 'Set-up: TensorFlow, Keras 2 and Keras 3 into .venv-keras (1 to 3 minutes, 2 GB)'
	$(call venv,.venv-keras)
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info >= (3, 14))' || { \
		echo "PYTHON is '$(PYTHON)', $$("$(PYTHON)" --version), expected 3.10 to 3.13, which" \
			"TensorFlow 2.21 has wheels for: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@$(call pip,.venv-keras) tensorflow tf_keras keras
	@touch $@

# The runtimes are pinned beside their tests, not in constraints.txt: nothing else needs them.
.venv-runtimes/.ready: parity_tests/tests/runtimes/requirements.txt $(call remake,.venv-runtimes)
	@echo 'Set-up: PyTorch, ONNX Runtime, OpenVINO, JAX, MLX and TensorFlow.js into .venv-runtimes'
	$(call venv,.venv-runtimes)
	@command -v npm >/dev/null || { \
		echo 'npm is no command here, expected Node.js with npm: TensorFlow.js runs in it' >&2; exit 1; }
	@.venv-runtimes/bin/python -m pip install -qq -r $<
	@npm install --silent --no-save --prefix .venv-runtimes \
		$(foreach package,core layers backend-cpu,@tensorflow/tfjs-$(package)@4.22.0)
	@touch $@

# So are those that the benchmark compares with; gru_ref and its own extras come from here.
.venv-bench/.ready: benchmarks/requirements.txt pyproject.toml $(call remake,.venv-bench)
	@echo 'Set-up: TensorFlow, PyTorch, JAX and ONNX Runtime into .venv-bench (1 to 5 minutes, 4 GB)'
	$(call venv,.venv-bench)
	@.venv-bench/bin/python -m pip install -qq -r $<
	@.venv-bench/bin/python -m pip install -qq --constraint $< -e '.[all]'
	@touch $@

.venv-lint/.ready: pyproject.toml constraints.txt $(call remake,.venv-lint)
	@echo 'Set-up: ruff, mypy and import-linter into .venv-lint (about half a minute)'
	$(call extra,lint)
	@touch $@

.venv-dist/.ready: pyproject.toml constraints.txt $(call remake,.venv-dist)
	@echo 'Set-up: build and twine into .venv-dist (about half a minute)'
	$(call extra,dist)
	@touch $@

.venv-docs/.ready: pyproject.toml constraints.txt $(call remake,.venv-docs)
	@echo 'Set-up: Sphinx, pytest and Playwright into .venv-docs (about half a minute)'
	$(call extra,docs)
	@touch $@

.venv-lock/.ready: Makefile
	@echo 'Set-up: uv into .venv-lock'
	$(call venv,.venv-lock)
	@.venv-lock/bin/python -m pip install -qq '$(UV)'
	@touch $@
