# Every job of this project by one name. `make` lists them.
PREFIX ?= /usr/local
SWIFT_BUILD = swift build -c release
SDMOE = .build/release/sdmoe
# Where test-python keeps PyTorch and transformers, 1.2 GB, outside the source tree.
VENV ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sdmoe/venv
# Where test-browser keeps Selenium.
BROWSER_VENV ?= $(VENV)-browser
FIXTURES = qwen2-moe-tiny deepseek-v2-tiny

.PHONY: help bootstrap demo build test test-python test-browser goldens format lint bench check install clean

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
	swift test -c release --disable-testable-imports

test-python: build ## run the tests in Python: captures, and converted models, in an environment under VENV
	@Scripts/python-environment "$(VENV)" Tests/Python/requirements.txt
	"$(VENV)/bin/python" -W error::ResourceWarning -m unittest discover -s Tests/Python -v

test-browser: build ## run the tests of pages in headless Chromium; screenshots go to .build/browser
	@Scripts/bootstrap --browser
	@Scripts/python-environment "$(BROWSER_VENV)" Tests/Browser/requirements.txt
	"$(BROWSER_VENV)/bin/python" -W error::ResourceWarning -m unittest discover -s Tests/Browser -v

goldens: bootstrap ## write the expected outputs anew; look at the difference before you commit it
	-RECORD_GOLDENS=1 swift test -c release --disable-testable-imports

format: ## format all Swift files
	swift format -i --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

lint: ## check the form of all Swift files
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

bench: build ## measure speed and memory, each beside a peer
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/bench generate Benchmarks/.build/data
	Benchmarks/.build/release/bench measure $(SDMOE) Benchmarks/.build/data

check: lint build test ## all that has to pass before a commit

install: bootstrap ## install the program and its shell completions under PREFIX
	swift build -c release --product sdmoe --static-swift-stdlib --scratch-path .build-static
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 .build-static/release/sdmoe $(DESTDIR)$(PREFIX)/bin/sdmoe
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -d $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -d $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	.build-static/release/sdmoe --generate-completion-script bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sdmoe
	.build-static/release/sdmoe --generate-completion-script zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sdmoe
	.build-static/release/sdmoe --generate-completion-script fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sdmoe.fish

clean: ## remove everything that was built
	rm -rf .build .build-static Benchmarks/.build
