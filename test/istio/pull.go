package main

import (
	"fmt"
	"net/url"
	"os"
	"time"

	"istio.io/istio/pkg/util/sets"
	"istio.io/istio/pkg/wasm"
)

// pull fetches a module as the agent of a proxy does, and prints the path in the agent's cache under its directory: the
// checksum that the cache knows the module by.
func pull(from, sum, out string) error {
	parsed, err := url.Parse(from)
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "mooring-pull-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	cache := wasm.NewLocalFileCache(directory, wasm.Options{
		InsecureRegistries: sets.New(parsed.Host),
		// 0 would never end; one retry, since a failure is what some tests wait for.
		HTTPRequestTimeout:    10 * time.Second,
		HTTPRequestMaxRetries: 1,
		PurgeInterval:         time.Hour,
		ModuleExpiry:          time.Hour,
	})
	defer cache.Cleanup()
	options := wasm.GetOptions{
		Checksum:        sum,
		ResourceName:    "istio-system.mooring",
		ResourceVersion: "1",
		RequestTimeout:  20 * time.Second,
	}
	first, err := cache.Get(from, options)
	if err != nil {
		return err
	}
	second, err := cache.Get(from, options)
	if err != nil {
		return err
	}
	if first != second {
		return fmt.Errorf("the second fetch did not come from the cache: %s and %s", first, second)
	}
	module, err := os.ReadFile(first)
	if err != nil {
		return err
	}
	return os.WriteFile(out, module, 0o644)
}
