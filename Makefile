# make app: set up everything and run the app.   make test: set up everything and pass the tests.
# make judge: PyTorch, ONNX Runtime and TensorBoard judge the core.          make bench: measure.
PYTHON ?= python3
BIN := .venv/bin
ADDRESS := http://127.0.0.1:8501
# What is compiled is kept, whatever the environment says: each of the tests' many short processes would compile the core anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: app test judge lint chromium bench screenshots clean

app: .venv/app
	@echo "ConvScope is at $(ADDRESS) (Ctrl+C ends it)"
	@$(BIN)/python -m streamlit run app.py

test: .venv/dev
	$(MAKE) --no-print-directory --jobs 2 chromium lint
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore=tests/browser
	$(BIN)/python -m pytest -n 3 --dist worksteal tests/browser

judge: .venv/judge
	$(BIN)/python -m pytest --no-skips -n auto --dist loadfile tests/core tests/fuzz tests/app

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint pages
	$(BIN)/oxfmt --check pages

chromium: .venv/dev
	$(BIN)/python -m tools.get_chromium

bench: chromium
	@failed=0; for part in core check gradients attribution features scan player pad network shift lab waiting load; do $(BIN)/python -m benchmarks.$$part || failed=1; done; exit $$failed

screenshots: chromium
	$(BIN)/python -m tools.screenshots screenshots

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.9,<1"
	@touch $@

.venv/app: .venv/python requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@touch $@

.venv/dev: .venv/app requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt
	@touch $@

.venv/judge: .venv/dev requirements-judge.txt
	$(BIN)/python -m pip install --quiet -r requirements-judge.txt
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis screenshots
