package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"

	"istio.io/istio/pkg/monitoring"
)

// exporter answers scrapes of this process.
type exporter struct{ scrape http.Handler }

// The agent's metrics: its status server gives each this prefix (pilot/cmd/pilot-agent/status/server.go). Here istiod and
// the agent are one process, so it is given to those of the package that fetches modules.
var ofAgent = regexp.MustCompile(`(?m)^(# (?:HELP|TYPE) )?wasm_`)

// exportMetrics begins to keep the metrics of Istio's packages.
func exportMetrics() (exporter, error) {
	registry := prometheus.NewRegistry()
	handler, err := monitoring.RegisterPrometheusExporter(registry, registry)
	return exporter{handler}, err
}

func (e exporter) write(file string) error {
	answer := httptest.NewRecorder()
	e.scrape.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return os.WriteFile(file, ofAgent.ReplaceAll(answer.Body.Bytes(), []byte("${1}istio_agent_wasm_")), 0o644)
}
