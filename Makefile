# Everything is done by pip in a virtual environment of its own; see CONTRIBUTING.md.
VENV ?= .venv
DATA ?= digits
PYTEST_ARGS ?=
BENCH_ARGS ?= rbm

PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
# Files whose change asks for a new installation.
SOURCES := pyproject.toml CMakeLists.txt README.md LICENSE $(shell find cmake csrc python -type f \
  ! -name '*.pyc' ! -name '*.so' ! -path '*/__pycache__/*')
CPP_FILES = $(shell find csrc tests/cpp -type f -name '*.h' -o -name '*.cpp' -o -name '*.cu')
DEMO_DATA := $(if $(filter-out digits,$(DATA)),--data $(DATA))

.PHONY: help demo test wheel docs lint format typecheck bench clean

help:
	@echo 'make demo [DATA=mnist]        train an RBM and write pictures into demo_output/'
	@echo 'make test [PYTEST_ARGS=...]   install with what the tests need and run them'
	@echo 'make wheel                    build sdist and wheel into dist/'
	@echo 'make docs                     build the documentation into docs/_build/html; UDL_FAST_DOCS_QUICK=1 is quicker'
	@echo 'make lint, format, typecheck  ruff, clang-format and mypy'
	@echo 'make bench [BENCH_ARGS=rbm]   benchmarks against scikit-learn, and PyTorch if installed'
	@echo 'make clean                    remove what make made, the virtual environment too'
	@echo 'Variables: PYTHON, CXX choose Python and compiler; UDL_FAST_DATA names a folder of data sets.'

demo: $(VENV)/installed-plot
	$(VENV)/bin/python -m udl_fast demo --output demo_output $(DEMO_DATA)

test: $(VENV)/installed-test
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

wheel: $(VENV)/installed-dev
	rm -rf dist
	$(VENV)/bin/python -m build --outdir dist .

# Warnings are errors. UDL_FAST_DOCS_QUICK=1 runs the gallery in its short form.
docs: $(VENV)/installed-docs
	$(VENV)/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo 'docs/_build/html/index.html'

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/clang-format --dry-run --Werror $(CPP_FILES)

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/clang-format -i $(CPP_FILES)

typecheck: $(VENV)/installed-dev
	$(VENV)/bin/mypy

bench: $(VENV)/installed-plot
	$(VENV)/bin/python -m udl_fast bench $(BENCH_ARGS)

clean:
	rm -rf $(VENV) build dist demo_output docs/_build docs/api docs/auto_gallery .pytest_cache .ruff_cache .mypy_cache .hypothesis

# The build tools sit in the environment and the build folder stays, so a second installation only
# compiles what changed. `pip install .` alone fetches the same tools by itself.
$(VENV)/build-tools: pyproject.toml scripts/preflight.sh
	python=$$(sh scripts/preflight.sh) && "$$python" -m venv $(VENV)
	@echo 'The first build of udl_fast takes some minutes: it compiles a kernel for each kind of CPU.'
	$(PIP) install --quiet 'scikit-build-core>=1.1' 'pybind11>=3.0' 'cmake>=3.22' ninja
	@touch $@

$(VENV)/installed-%: $(VENV)/build-tools $(SOURCES)
	$(PIP) install --quiet --no-build-isolation '.[$*]'
	@touch $@
