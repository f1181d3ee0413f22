package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	kubecrd "istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/test"
)

// startControlPlane starts Istio's DiscoveryServer on the objects of a set. A nil listener: in memory only.
func startControlPlane(t test.Failer, documents []document, listener net.Listener) (*xds.FakeDiscoveryServer, error) {
	// Filters that only Istio's own Envoy has. They decide nothing about affinity.
	features.MetadataExchange = false
	features.ALPNFilter = false
	features.EnableAmbient = slices.ContainsFunc(documents, document.isWaypoint)
	// Off by default in istiod; where it is on, every listener has its filter.
	features.EnablePersistentSessionFilter.Store(slices.ContainsFunc(documents, document.hasPersistentSession))

	raw, err := os.ReadFile(filepath.Join(home, "world", "mesh.yaml"))
	if err != nil {
		return nil, err
	}
	meshConfig, err := mesh.ApplyMeshConfig(string(raw), mesh.DefaultMeshConfig())
	if err != nil {
		return nil, err
	}
	configs, err := parseConfigs(join(documents, document.isIstio))
	if err != nil {
		return nil, err
	}
	options := xds.FakeOptions{
		Configs:                configs,
		KubernetesObjectString: join(documents, document.isCluster),
		MeshConfig:             meshConfig,
	}
	if listener != nil {
		options.ListenerBuilder = func() (net.Listener, error) { return listener, nil }
	}
	return xds.NewFakeDiscoveryServer(t, options), nil
}

// parseConfigs reads Istio's objects and pins what the store would otherwise take from the clock.
func parseConfigs(text string) ([]config.Config, error) {
	configs, unknown, err := kubecrd.ParseInputs(text)
	if err != nil {
		return nil, err
	}
	for _, u := range unknown {
		return nil, fmt.Errorf("unknown kind %s/%s %s", u.APIVersion, u.Kind, u.Name)
	}
	for i := range configs {
		if configs[i].Namespace == "" {
			return nil, fmt.Errorf("%s %s has no namespace", configs[i].GroupVersionKind.Kind, configs[i].Name)
		}
		// Short host names are completed with it.
		configs[i].Domain = "cluster.local"
		configs[i].ResourceVersion = "1"
		configs[i].CreationTimestamp = time.Unix(1_700_000_000+int64(i), 0).UTC()
	}
	return configs, nil
}

// proxySpec is a file under proxies/: for whom is generated.
type proxySpec struct {
	// NodeID is type~IP~pod.namespace~domain.
	NodeID   string         `json:"nodeId"`
	Metadata map[string]any `json:"metadata"`
	// Locality is where it runs. Absent: istiod knows no place.
	Locality *corev3.Locality `json:"locality"`
}

func readProxy(name string) (proxySpec, error) {
	raw, err := os.ReadFile(filepath.Join(home, "proxies", name+".yaml"))
	if err != nil {
		return proxySpec{}, err
	}
	var spec proxySpec
	return spec, yaml.UnmarshalStrict(raw, &spec)
}

// proxy is what istiod would know of it after it connected.
func (p proxySpec) proxy(s *xds.FakeDiscoveryServer) (*model.Proxy, *structpb.Struct, error) {
	metadata, err := structpb.NewStruct(p.Metadata)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := model.ParseMetadata(metadata)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := model.ParseServiceNodeWithMetadata(p.NodeID, parsed)
	if err != nil {
		return nil, nil, err
	}
	proxy.ConfigNamespace = model.GetProxyConfigNamespace(proxy)
	proxy.Labels = parsed.Labels
	if proxy.Labels == nil {
		proxy.Labels = map[string]string{}
	}
	proxy.Locality = p.Locality
	return s.SetupProxy(proxy), metadata, nil
}
