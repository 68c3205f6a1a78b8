# Two commands: make run, make test; and make bench, make proof. What they do is in bin/portal.
PYTHON ?= python3
PORT ?= 8000
export PORT

.PHONY: help run test bench proof stop afresh clean lock vendor

help:
	@echo "make run      the demonstration, on http://127.0.0.1:$(PORT)/ (PORT= chooses the port)"
	@echo "make test     all checks and tests"
	@echo "make bench    what each page costs, at 10,000 and 100,000 referrals (BENCH_MILLION=1: a million too)"
	@echo "make proof    the full counts and the scanners, an hour or two (docs/proof.md)"
	@echo "make stop     stop what runs from this folder"
	@echo "make afresh   give up the demonstration's data"
	@echo "make clean    remove everything that was made here"
	@echo "make lock     refresh requirements*.txt (needs uv)"
	@echo "make vendor   fetch GOV.UK Frontend, the typeface and axe again (needs npm)"

run test bench proof stop:
	@$(PYTHON) bin/portal $@

afresh:
	@$(PYTHON) bin/portal afresh

clean:
	@$(PYTHON) bin/portal afresh --all

lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt
	for each in proof wapiti; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements-$$each.in -o requirements-$$each.txt || exit 1; done
	@! grep -nE 'https?://|file:|/usr/' requirements.txt requirements-*.txt || { echo "A host or path got into the lock files."; exit 1; }

vendor:
	@$(PYTHON) bin/vendor
