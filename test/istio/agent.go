package main

import (
	"errors"
	"sync/atomic"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/wasm"
)

// moduleAt is the agent's cache of modules with one answer to every fetch: this file, or a failure for "".
type moduleAt string

func (m moduleAt) Get(url string, _ wasm.GetOptions) (string, error) {
	if m == "" {
		return "", errors.New("cannot fetch " + url)
	}
	return string(m), nil
}

func (moduleAt) Cleanup() {}

// changingModule answers with what the latest `module` command said.
type changingModule struct{ current atomic.Value }

func (c *changingModule) set(path string) { c.current.Store(moduleAt(path)) }

func (c *changingModule) Get(url string, options wasm.GetOptions) (string, error) {
	return c.current.Load().(moduleAt).Get(url, options)
}

func (*changingModule) Cleanup() {}

// asAgent does to extension configurations what istio-agent does between istiod and Envoy: it fetches modules and
// writes their path in place of their URL, or puts an RBAC filter in place of the whole.
func asAgent(cache wasm.Cache, extension *corev3.TypedExtensionConfig) (*corev3.TypedExtensionConfig, error) {
	packed, err := anypb.New(extension)
	if err != nil {
		return nil, err
	}
	resources := []*anypb.Any{packed}
	if err := wasm.MaybeConvertWasmExtensionConfig(resources, cache); err != nil {
		return nil, err
	}
	converted := &corev3.TypedExtensionConfig{}
	return converted, resources[0].UnmarshalTo(converted)
}

// agent stands between istiod's generator of extension configurations and the proxy.
type agent struct {
	istiod model.XdsResourceGenerator
	cache  wasm.Cache
}

func (a agent) Generate(proxy *model.Proxy, watched *model.WatchedResource, request *model.PushRequest) (model.Resources, model.XdsLogDetails, error) {
	resources, details, err := a.istiod.Generate(proxy, watched, request)
	if err != nil {
		return nil, details, err
	}
	for _, resource := range resources {
		one := []*anypb.Any{resource.Resource}
		if err := wasm.MaybeConvertWasmExtensionConfig(one, a.cache); err != nil {
			return nil, details, err
		}
		resource.Resource = one[0]
	}
	return resources, details, nil
}
