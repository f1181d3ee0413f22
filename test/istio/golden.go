package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pkg/test"
)

// modulePath stands in golden files where the agent would write the path of the fetched module.
const modulePath = "${MOORING_WASM}"

// writeGoldens generates every set that names a proxy. With compare it writes nothing and lists what differs.
func writeGoldens(istioSource string, compare bool) error {
	sets, err := readSets()
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, set := range sets {
		if set.Proxy == "" {
			continue
		}
		var failed error
		if err := test.Wrap(func(t test.Failer) { failed = generate(t, set, istioSource, files) }); err != nil {
			return fmt.Errorf("%s: %w", set.Name, err)
		}
		if failed != nil {
			return fmt.Errorf("%s: %w", set.Name, failed)
		}
	}
	root := filepath.Join(home, "golden")
	if compare {
		return compareFiles(root, files)
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	fmt.Println("written:", len(files), "files")
	return nil
}

func compareFiles(root string, files map[string][]byte) error {
	var differing []string
	for name, content := range files {
		found, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !bytes.Equal(found, content) {
			differing = append(differing, name)
		}
	}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil && files[name] == nil {
			differing = append(differing, name+" (no set makes it)")
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(differing) > 0 {
		return fmt.Errorf("%d golden files are not what Istio generates now: %q; `make golden` writes them", len(differing), differing)
	}
	fmt.Println("equal:", len(files), "files")
	return nil
}

// generate adds the files of one set: extensions.json, the extension configurations as istiod sends them, and
// envoy.json, a static bootstrap that a stock Envoy runs, with those configurations as the agent hands them on.
func generate(t test.Failer, set manifestSet, istioSource string, files map[string][]byte) error {
	documents, err := set.documents()
	if err != nil {
		return err
	}
	server, err := startControlPlane(t, documents, nil)
	if err != nil {
		return err
	}
	spec, err := readProxy(set.Proxy)
	if err != nil {
		return err
	}
	proxy, metadata, err := spec.proxy(server)
	if err != nil {
		return err
	}
	cache := moduleAt(modulePath)
	if set.Unfetched {
		cache = ""
	}
	var sent []*corev3.TypedExtensionConfig
	received := map[string]*corev3.TypedExtensionConfig{}
	extension := func(name string) (*corev3.TypedExtensionConfig, error) {
		if known := received[name]; known != nil {
			return known, nil
		}
		built := server.ConfigGen.BuildExtensionConfiguration(proxy, server.PushContext(), []string{name}, nil)
		if len(built) != 1 {
			return nil, fmt.Errorf("%d extension configurations for %s", len(built), name)
		}
		sent = append(sent, built[0])
		converted, err := asAgent(cache, built[0])
		received[name] = converted
		return converted, err
	}
	resources, err := staticResources(server, proxy, extension)
	if err != nil {
		return err
	}
	bootstrap := &bootstrapv3.Bootstrap{
		Node:            &corev3.Node{Id: spec.NodeID, Cluster: proxy.ConfigNamespace, Metadata: metadata},
		StaticResources: resources,
		Admin:           &bootstrapv3.Admin{Address: socketAddress("127.0.0.1", 0)},
	}
	if bootstrap.StatsConfig, err = statsConfig(istioSource); err != nil {
		return err
	}
	if files[filepath.Join(set.Name, "envoy.json")], err = indented(bootstrap); err != nil {
		return err
	}
	var list bytes.Buffer
	list.WriteString("[\n")
	for i, one := range sent {
		text, err := indented(one)
		if err != nil {
			return err
		}
		if i > 0 {
			list.WriteString(",\n")
		}
		list.Write(bytes.TrimSpace(text))
	}
	list.WriteString("\n]\n")
	files[filepath.Join(set.Name, "extensions.json")] = list.Bytes()
	return nil
}

// indented is a message as JSON that is the same for the same message: protojson varies its blanks on purpose.
func indented(message proto.Message) ([]byte, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err = encoder.Encode(value)
	return out.Bytes(), err
}
