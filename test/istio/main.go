// Command istio runs Istio's own code on the project's manifests, without a cluster: its DiscoveryServer over a fake
// Kubernetes client generates what istiod would send, its agent's package fetches modules, and its CRDs, validators and
// analyzers judge the files.
//
//	istio golden                 write test/istio/golden: what istiod sends for each set of manifests
//	istio golden -check          compare instead of writing; exit 1 where anything differs
//	istio check [CRDS...]        schema, CEL rules, unknown fields, validators and analyzers over every manifest, and the
//	                             CRDs in these files or directories, of other lines of Istio and of Envoy Gateway
//	istio serve -set NAME ...    be istiod and the agent of one set, over delta ADS; commands on stdin
//	istio pull -url URL ...      fetch a module as the agent does
//
// Run it in the root of the project; `make istio` does.
package main

import (
	"flag"
	"fmt"
	"os"

	"istio.io/istio/pkg/log"
)

func main() {
	// Istio's libraries write their log to stdout, which is for results here.
	options := log.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	exitOn(log.Configure(options))
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}

	if len(os.Args) < 2 {
		usage("name a command")
	}
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "golden":
		flags := flag.NewFlagSet("golden", flag.ExitOnError)
		compare := flags.Bool("check", false, "compare, and write nothing")
		source := flags.String("istio", "", "the directory of the module istio.io/istio, for the bootstrap's template")
		exitOn(flags.Parse(arguments))
		exitOn(writeGoldens(*source, *compare))
	case "check":
		exitOn(checkManifests(arguments))
	case "serve":
		flags := flag.NewFlagSet("serve", flag.ExitOnError)
		set := flags.String("set", "", "the set of manifests, by its name in sets.yaml")
		module := flags.String("module", "", "the module that every fetch yields; empty: each fetch fails")
		port := flags.String("gateway-port", "8080", "where the gateway's pods listen")
		exitOn(flags.Parse(arguments))
		exitOn(serve(*set, *module, *port))
	case "pull":
		flags := flag.NewFlagSet("pull", flag.ExitOnError)
		url := flags.String("url", "", "oci:// or http://")
		sum := flags.String("sha256", "", "as in a WasmPlugin")
		out := flags.String("o", "", "where to write the module")
		exitOn(flags.Parse(arguments))
		exitOn(pull(*url, *sum, *out))
	default:
		usage("unknown command " + os.Args[1])
	}
}

func usage(problem string) {
	fmt.Fprintln(os.Stderr, "istio:", problem+"; see test/istio/main.go")
	os.Exit(2)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "istio:", err)
		os.Exit(1)
	}
}
