# Needs git, make and Node 20.19 or newer. python3 is optional: with it `make demo` and `make test` fetch an Envoy. So is
# Go 1.26: `make istio gotools` compiles what some tests use. And Java 17 and Maven, for `make servlet`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup build demo serve test browser prove bench budget image release twins chart istio golden gotools servlet schemas api site dashboard check format clean scaling

BIN := node_modules/.bin
# npm writes this file at the end of every install, so it tells when node_modules is older than the lock file.
INSTALLED := node_modules/.package-lock.json
# The site's generator is heavy, and nothing else needs it: a package of its own.
SITE_INSTALLED := site/node_modules/.package-lock.json
FILTER := build/mooring.wasm
FILTER_DEBUG := build/mooring.debug.wasm
FILTER_PURE := build/pure.wasm
TOOLS := build/js/.built
# The compiler's own transform of literals, compiled with the tools.
LITERALS := build/js/tools/ascii-literals.js
STATIC_MEMORY := build/js/tools/static-memory.js
ASC := $(BIN)/asc --transform ./$(LITERALS) --transform ./$(STATIC_MEMORY)
# What AssemblyScript enables by itself; Binaryen's own tools have to be told.
WASM_FEATURES := $(addprefix --enable-,bulk-memory mutable-globals nontrapping-float-to-int sign-ext)

FILTER_SOURCES := $(shell find assembly -name '*.ts') asconfig.json
TOOL_SOURCES := $(shell find $(wildcard host cli demo tools bench) -name '*.ts') assembly/proxy/abi.ts tsconfig.json tsconfig.build.json

# Istio's own generator, agent and validators (test/istio), compiled with Go. Eight minutes the first time, then seconds.
ISTIO := build/istio
# Istio's test library warns on stdout where these name no directory. Nothing is written there.
ISTIO_RUN := TARGET_OUT=build LOCAL_OUT=build $(ISTIO)
ISTIO_SOURCES := $(wildcard test/istio/*.go) test/istio/go.mod test/istio/go.sum
# The module's own files: the template of the bootstrap is among them.
ISTIO_MODULE = $$(cd test/istio && go list -m -f '{{.Dir}}' istio.io/istio)

# An application in Tomcat (test/applications), for those tests that need one.
SERVLET := build/servlet/.built

# Other lines of Istio, and Envoy Gateway, whose CRDs judge the manifests too.
ISTIO_APIS := v1.30.8 v1.31.4 v1.32.0
ENVOY_GATEWAY := v1.9.1
crds = $(call module_directory,istio.io/api@$(1))/kubernetes/customresourcedefinitions.gen.yaml
module_directory = $$(go mod download -json $(1) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
# What mooring check knows of Istio's objects comes from the newest of them.
ISTIO_SCHEMA = node build/js/tools/istio-schema.js "$(call crds,$(lastword $(ISTIO_APIS)))" $(lastword $(ISTIO_APIS))

# Extra arguments for the demo: make demo ARGS="--only maglev"
ARGS ?=
# What make bench does: a first look, what ARGS says, or all of it for docs/performance.md.
QUICK ?=
BENCH = $(if $(QUICK),--quick $(ARGS),$(or $(ARGS),--publish))
# Where the source code is, for the image's annotations: make image SOURCE=https://...
SOURCE ?=

help: ## Say what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(INSTALLED) ## Install the npm packages

build: $(FILTER) $(FILTER_DEBUG) $(FILTER_PURE) $(TOOLS) ## Build the filter, its debug twin, the test module and the tools
	@for file in $(FILTER) $(FILTER_DEBUG) $(FILTER_PURE); do printf '%8d bytes  %s\n' "$$(wc -c < $$file)" $$file; done

demo: $(FILTER) $(TOOLS) ## Run the seed scenario in a real Envoy and show which pod answered
	@node build/js/demo/main.js $(ARGS)

serve: $(FILTER) $(TOOLS) ## Leave the seed scenario running, for a browser
	@node build/js/demo/serve.js $(ARGS)

test: $(FILTER) $(FILTER_DEBUG) $(FILTER_PURE) $(TOOLS) ## Run every test
	@$(BIN)/vitest run $(ARGS)

browser: export MOORING_REQUIRE_BROWSER := 1
browser: $(FILTER) $(TOOLS) ## Run the tests in a headless Chromium; pictures of the page stay in build/screenshots
	@$(BIN)/vitest run test/browser $(ARGS)

prove: export PROVE := 1
prove: test ## Run every test at another size: millions of cases, long soaks

bench: $(FILTER) $(TOOLS) ## Measure what the filter costs a real Envoy; QUICK=1 for a first look
	@node build/js/bench/main.js $(BENCH)
	@case '$(BENCH)' in *--publish*) $(BIN)/prettier --log-level warn --write bench/results;; esac

budget: $(FILTER) $(TOOLS) ## Count anew what the jobs cost: bench/budget.json, docs/performance.md
	@node build/js/bench/write-budget.js
	@$(BIN)/prettier --log-level warn --write bench/budget.json

scaling: $(TOOLS) ## Compute anew how sessions spread over pods and move: docs/performance.md
	@node build/js/bench/scaling/write.js
	@$(BIN)/prettier --log-level warn --write bench/results/scaling.json

image: $(FILTER) $(TOOLS) ## Write the filter as an OCI image layout, and print what pins it
	@node build/js/tools/image.js $(if $(SOURCE),--source '$(SOURCE)')

release: $(FILTER) $(TOOLS) ## Write what a release consists of into build/release; ARGS=--allow-dirty for a trial
	@node build/js/tools/release.js $(if $(SOURCE),--source '$(SOURCE)') $(ARGS)

twins: $(TOOLS) ## Write the TrafficExtensions anew, from the WasmPlugins
	@for plugin in manifests/*/wasm-plugin.yaml; do \
	  twin=manifests/traffic-extension/$$(basename $$(dirname $$plugin)); mkdir -p $$twin; \
	  node build/js/tools/traffic-extension.js $$plugin > $$twin/traffic-extension.yaml; \
	done

chart: $(TOOLS) ## Write what the Helm chart has from elsewhere: the schema of pluginConfig, the alerts
	@node build/js/tools/chart-files.js
	@$(BIN)/prettier --log-level warn --write chart/values.schema.json

dashboard: $(TOOLS) ## Write Grafana's dashboard
	@node build/js/tools/dashboard.js
	@$(BIN)/prettier --log-level warn --write manifests/dashboard/mooring.json

istio: $(ISTIO) $(TOOLS) ## Have Istio's own code judge the manifests and generate the golden files anew (needs Go)
	@unformatted="$$(gofmt -l test/istio)"; test -z "$$unformatted" || { echo "gofmt: $$unformatted" >&2; exit 1; }
	@$(ISTIO_RUN) check \
	  $(foreach version,$(ISTIO_APIS),"$(call crds,$(version))") \
	  "$(call module_directory,github.com/envoyproxy/gateway@$(ENVOY_GATEWAY))/charts/gateway-helm/charts/crds/crds/generated"
	@$(ISTIO_RUN) golden -check -istio "$(ISTIO_MODULE)"
	@$(ISTIO_SCHEMA) --check

golden: $(ISTIO) ## Write the golden files
	@$(ISTIO_RUN) golden -istio "$(ISTIO_MODULE)"

schemas: $(TOOLS) ## Write what mooring check knows of Istio's objects, from their CRDs (needs Go)
	@$(ISTIO_SCHEMA)
	@$(BIN)/prettier --log-level warn --write schema/istio.schema.json

gotools: ## Compile helm, kustomize, crane, oras and promtool for the tests that use them (needs Go)
	@echo 'compiling tools in Go, for minutes the first time ...' >&2
	@GOBIN='$(CURDIR)/.cache/go-bin' go install github.com/google/go-containerregistry/cmd/crane@v0.22.1
	@GOBIN='$(CURDIR)/.cache/go-bin' go install oras.land/oras/cmd/oras@v1.3.6
	@GOBIN='$(CURDIR)/.cache/go-bin' go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
	@GOBIN='$(CURDIR)/.cache/go-bin' go install helm.sh/helm/v3/cmd/helm@v3.22.0
	# Without what discovers targets, it compiles in two minutes instead of ten.
	@GOBIN='$(CURDIR)/.cache/go-bin' go install -tags remove_all_sd github.com/prometheus/prometheus/cmd/promtool@v0.316.0

servlet: $(SERVLET) ## Compile the servlet that some tests use (needs Java 17 and Maven)

api: $(INSTALLED) ## Write the reference of the host's API into build/api
	@$(BIN)/typedoc --logLevel Warn
	@echo 'build/api/index.html'

site: api $(SITE_INSTALLED) ## Write the documentation as a site into build/site; a link that leads nowhere ends it
	@$(BIN)/tsc -p site/tsconfig.json
	@site/node_modules/.bin/vitepress build site
	@echo 'build/site/index.html'

check: $(INSTALLED) ## Check types, lint and format
	@$(BIN)/tsc -p tsconfig.json
	@$(BIN)/eslint .
	@$(BIN)/prettier --log-level warn --check .

format: $(INSTALLED) ## Put every file into the project's format
	@$(BIN)/prettier --log-level warn --write .

clean: ## Remove what was built; fetched packages and Envoys stay
	@rm -rf build coverage

$(SITE_INSTALLED): site/package-lock.json
	@echo 'installing the npm packages of the site ...' >&2
	@cd site && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(INSTALLED): package-lock.json
	@node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' \
	  || { echo "Mooring needs Node 20.19 or newer; found: $$(node --version 2>&1)" >&2; exit 1; }
	@echo 'installing npm packages ...' >&2
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The language computes constants that take a function, as literals do, when a module starts: here that is done ahead,
# and what has become a constant by then makes more of the code shrink. At the end what requests run is put together, and
# what they do not run out of its way.
$(FILTER): $(FILTER_SOURCES) $(LITERALS) | $(INSTALLED)
	@echo 'compiling $@ ...' >&2
	@$(ASC) assembly/index.ts --target release --outFile $@
	@$(BIN)/wasm-ctor-eval $@ -o $@ --quiet $(WASM_FEATURES) --ctors=_initialize --kept-exports=_initialize
	@$(BIN)/wasm-opt $@ -o $@ $(WASM_FEATURES) -Oz --converge
	@$(BIN)/wasm-opt $@ -o $@ $(WASM_FEATURES) --generate-global-effects -Oz --converge --const-hoisting
	@node build/js/bench/layout/main.js $@

$(FILTER_DEBUG): $(FILTER_SOURCES) $(LITERALS) | $(INSTALLED)
	@echo 'compiling $@ ...' >&2
	@$(ASC) assembly/index.ts --target debug

$(FILTER_PURE): $(FILTER_SOURCES) $(LITERALS) | $(INSTALLED)
	@echo 'compiling $@ ...' >&2
	@$(ASC) assembly/pure.ts --target pure

$(LITERALS): $(TOOLS)

$(ISTIO): $(ISTIO_SOURCES)
	@command -v go > /dev/null || { echo 'make istio needs Go 1.26; there is no go on the PATH' >&2; exit 1; }
	@echo 'compiling $@, for minutes the first time ...' >&2
	@cd test/istio && go build -trimpath -buildvcs=false -ldflags '-s -w' -o ../../$@ .

$(SERVLET): $(wildcard test/applications/servlet/*)
	@command -v mvn > /dev/null || { echo 'make servlet needs Java 17 and Maven; there is no mvn on the PATH' >&2; exit 1; }
	@echo 'compiling the servlet ...' >&2
	@mvn --quiet --batch-mode --file test/applications/servlet/pom.xml compile
	@touch $@

$(TOOLS): $(TOOL_SOURCES) | $(INSTALLED)
	@echo 'compiling the tools ...' >&2
	@rm -rf build/js
	@$(BIN)/tsc -p tsconfig.build.json
	@touch $@
