package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	metricsv3 "github.com/envoyproxy/go-control-plane/envoy/config/metrics/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/bootstrap"
	"istio.io/istio/pkg/bootstrap/platform"
	"istio.io/istio/pkg/config/mesh"
)

type extensions func(name string) (*corev3.TypedExtensionConfig, error)

// staticResources joins what Istio sends in pieces: routes, endpoints and extension configurations take the place of
// the references to them. Nothing else is changed.
func staticResources(server *xds.FakeDiscoveryServer, proxy *model.Proxy, extension extensions) (*bootstrapv3.Bootstrap_StaticResources, error) {
	routes := map[string]*routev3.RouteConfiguration{}
	for _, route := range server.Routes(proxy) {
		routes[route.Name] = route
	}
	assignments := map[string]*endpointv3.ClusterLoadAssignment{}
	for _, assignment := range server.Endpoints(proxy) {
		assignments[assignment.ClusterName] = assignment
	}
	static := &bootstrapv3.Bootstrap_StaticResources{}
	for _, listener := range server.Listeners(proxy) {
		clone := proto.Clone(listener).(*listenerv3.Listener)
		slices.SortFunc(clone.FilterChains, func(a, b *listenerv3.FilterChain) int { return strings.Compare(a.Name, b.Name) })
		chains := clone.FilterChains
		if clone.DefaultFilterChain != nil {
			chains = append(chains, clone.DefaultFilterChain)
		}
		for _, chain := range chains {
			for _, filter := range chain.Filters {
				if err := inline(filter, routes, extension); err != nil {
					return nil, err
				}
			}
		}
		static.Listeners = append(static.Listeners, clone)
	}
	// Where services come from a map, as for a waypoint, their order differs from run to run, and means nothing to Envoy.
	clusters := slices.SortedFunc(slices.Values(server.Clusters(proxy)), func(a, b *clusterv3.Cluster) int {
		return strings.Compare(a.Name, b.Name)
	})
	for _, cluster := range clusters {
		clone := proto.Clone(cluster).(*clusterv3.Cluster)
		if clone.GetType() == clusterv3.Cluster_EDS {
			name := clone.Name
			if service := clone.EdsClusterConfig.GetServiceName(); service != "" {
				name = service
			}
			clone.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
			clone.EdsClusterConfig = nil
			if assignment := assignments[name]; assignment != nil {
				clone.LoadAssignment = proto.Clone(assignment).(*endpointv3.ClusterLoadAssignment)
				clone.LoadAssignment.ClusterName = clone.Name
			}
		}
		static.Clusters = append(static.Clusters, clone)
	}
	return static, nil
}

func inline(filter *listenerv3.Filter, routes map[string]*routev3.RouteConfiguration, extension extensions) error {
	manager := &hcmv3.HttpConnectionManager{}
	if filter.GetTypedConfig() == nil || !filter.GetTypedConfig().MessageIs(manager) {
		return nil
	}
	if err := filter.GetTypedConfig().UnmarshalTo(manager); err != nil {
		return err
	}
	if rds := manager.GetRds(); rds != nil {
		route := routes[rds.RouteConfigName]
		if route == nil {
			return fmt.Errorf("no route %s", rds.RouteConfigName)
		}
		manager.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: route}
	}
	for _, httpFilter := range manager.HttpFilters {
		if httpFilter.GetConfigDiscovery() == nil {
			continue
		}
		found, err := extension(httpFilter.Name)
		if err != nil {
			return err
		}
		httpFilter.ConfigType = &hcmv3.HttpFilter_TypedConfig{TypedConfig: found.TypedConfig}
	}
	packed, err := anypb.New(manager)
	filter.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed}
	return err
}

func socketAddress(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// statsConfig is that of the bootstrap with which istio-agent starts Envoy: which statistics are kept, and which parts of
// their names become labels.
func statsConfig(istioSource string) (*metricsv3.StatsConfig, error) {
	node, err := bootstrap.GetNodeMetaData(bootstrap.MetadataOptions{
		ID:          "router~192.0.2.10~gw.istio-system~istio-system.svc.cluster.local",
		Envs:        []string{"ISTIO_META_CLUSTER_ID=Kubernetes"},
		InstanceIPs: []string{"192.0.2.10"},
		ProxyConfig: mesh.DefaultProxyConfig(),
		Platform:    &platform.Unknown{},
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	template := filepath.Join(istioSource, "tools", "packaging", "common", "envoy_bootstrap.json")
	if err := bootstrap.New(bootstrap.Config{Node: node}).WriteTo(template, &out); err != nil {
		return nil, err
	}
	var whole struct {
		StatsConfig json.RawMessage `json:"stats_config"`
	}
	if err := json.Unmarshal(out.Bytes(), &whole); err != nil {
		return nil, err
	}
	config := &metricsv3.StatsConfig{}
	return config, protojson.Unmarshal(whole.StatsConfig, config)
}
