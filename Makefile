# Every job of this project by one name. `make` lists them.
PREFIX ?= /usr/local
SWIFT_BUILD = swift build -c release
# Left alone, all tests begin at once and hold 1,700 files open: more than many machines allow, and
# from 1,360 on Foundation's Process reads past the end of what the system lists of them, and crashes.
SWIFT_TEST = swift test -c release --disable-testable-imports --experimental-maximum-parallelization-width 16
SDMOE = .build/release/sdmoe
# Where test-python keeps PyTorch and transformers, 1.2 GB, outside the source tree.
VENV ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sdmoe/venv
# Where test-browser keeps Selenium.
BROWSER_VENV ?= $(VENV)-browser
# Where the argument parser's plugin leaves its pages.
MANUAL = .build/plugins/GenerateManual/outputs/sdmoe
FIXTURES = qwen2-moe-tiny deepseek-v2-tiny

.PHONY: help bootstrap demo build test test-kernels test-python test-browser test-slurm goldens format lint docs bench check man install clean

help: ## list these jobs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

bootstrap: ## install the system libraries that are missing
	@Scripts/bootstrap

demo: build ## analyse the two trained models of Fixtures/, captures and gradients too, into Reports/
	@for name in $(FIXTURES); do \
	  rm -rf Reports/$$name; \
	  captures=Fixtures/$$name/captures; \
	  set -- analyze Fixtures/$$name -o Reports/$$name \
	    --captures $$captures/activations.h5 --gradients $$captures/gradients.safetensors; \
	  echo; echo "== sdmoe $$*"; \
	  $(SDMOE) "$$@" || exit 1; \
	done

build: bootstrap ## build the program, .build/release/sdmoe
	$(SWIFT_BUILD) --product sdmoe

test: bootstrap ## run all tests
	@Scripts/tell-failures $(SWIFT_TEST)

test-kernels: bootstrap ## run the numeric tests with each family of kernels that OpenBLAS has for this CPU
	@Scripts/kernel-test

test-python: build ## run the tests in Python: captures, and converted models, in an environment under VENV
	@Scripts/python-environment "$(VENV)" Tests/Python/requirements.txt
	"$(VENV)/bin/python" -W error::ResourceWarning -m unittest discover -s Tests/Python -v

test-browser: build ## run the tests of pages in headless Chromium; pictures and printed pages go to .build/browser
	@Scripts/bootstrap --browser
	@Scripts/python-environment "$(BROWSER_VENV)" Tests/Browser/requirements.txt
	"$(BROWSER_VENV)/bin/python" -W error::ResourceWarning -m unittest discover -s Tests/Browser -v

test-slurm: build ## run the tests of job arrays, on a Slurm of two nodes that lives in a temporary folder; needs root
	@Scripts/bootstrap --slurm
	Scripts/slurm-test $(SDMOE)

goldens: bootstrap ## write the expected outputs anew; look at the difference before you commit it
	-RECORD_GOLDENS=1 $(SWIFT_TEST)

format: ## format all Swift files
	swift format -i --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

lint: ## check the form of all Swift files
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

docs: build ## build the documentation of all rooms into .build/docs, warnings as errors
	@Scripts/documentation .build/release/Modules .build/docs

bench: build ## measure speed and memory, each beside a peer
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/bench generate Benchmarks/.build/data
	Benchmarks/.build/release/bench measure $(SDMOE) Benchmarks/.build/data

check: lint build test docs ## all that has to pass before a commit

man: build ## write the manual pages, from the help texts, into .build/man
	swift package generate-manual --multi-page >/dev/null
	@rm -rf .build/man && install -d .build/man
	@for page in $(MANUAL)/*.1; do \
	  name=$$(basename $$page | sed 's/sdmoe\./sdmoe-/; s/sdmoe-1$$/sdmoe.1/'); \
	  sed 's/sdmoe\.\([a-z]\)/sdmoe-\1/g; s/SDMOE\./SDMOE-/g; /Xr sdmoe-help/d' $$page >.build/man/$$name || exit 1; \
	done; rm -f .build/man/sdmoe-help.1

install: bootstrap man ## install the program, its manual pages and shell completions under PREFIX
	swift build -c release --product sdmoe --static-swift-stdlib --scratch-path .build-static
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 .build-static/release/sdmoe $(DESTDIR)$(PREFIX)/bin/sdmoe
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -d $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -d $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 .build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	.build-static/release/sdmoe --generate-completion-script bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sdmoe
	.build-static/release/sdmoe --generate-completion-script zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sdmoe
	.build-static/release/sdmoe --generate-completion-script fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sdmoe.fish

clean: ## remove everything that was built
	rm -rf .build .build-static Benchmarks/.build
