package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v3 "istio.io/istio/pilot/pkg/xds/v3"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/test"
)

// serve is istiod and istio-agent for one set of manifests: delta ADS in plain text on a free port of 127.0.0.1. What it
// says are lines that begin with `serve: `; Istio's libraries write others. The first one is the port. Then each line of
// stdin is a command, and is answered by `done` or `error: ...`:
//
//	apply FILE     create or update the file's objects: Istio's, and EndpointSlices
//	delete FILE    delete them
//	module PATH    what every later fetch of a module yields; no path: it fails
//	metrics FILE   write what Prometheus would scrape from istiod, and from the agent
//
// It ends with stdin.
func serve(name, module, gatewayPort string) error {
	set, err := findSet(name)
	if err != nil {
		return err
	}
	documents, err := set.documents()
	if err != nil {
		return err
	}
	for i, d := range documents {
		if d.Kind == "Service" && d.Metadata.Name == "istio-ingressgateway" {
			documents[i].text = strings.ReplaceAll(d.text, "targetPort: 8080", "targetPort: "+gatewayPort)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	metrics, err := exportMetrics()
	if err != nil {
		return err
	}
	var failed error
	err = test.Wrap(func(t test.Failer) {
		server, err := startControlPlane(t, documents, listener)
		if err != nil {
			failed = err
			return
		}
		cache := &changingModule{}
		cache.set(module)
		generators := server.Discovery.Generators
		generators[v3.ExtensionConfigurationType] = agent{generators[v3.ExtensionConfigurationType], cache}
		fmt.Println("serve:", listener.Addr().(*net.TCPAddr).Port)
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			command, file, _ := strings.Cut(lines.Text(), " ")
			if command == "module" {
				cache.set(file)
				fmt.Println("serve: done")
				continue
			}
			if command == "metrics" {
				err = metrics.write(file)
			} else {
				err = change(server, command, file)
			}
			if err != nil {
				fmt.Println("serve: error:", strings.ReplaceAll(err.Error(), "\n", " "))
			} else {
				fmt.Println("serve: done")
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}

func change(server *xds.FakeDiscoveryServer, command, file string) error {
	if command != "apply" && command != "delete" {
		return fmt.Errorf("unknown command %q", command)
	}
	documents, err := readAll([]string{file})
	if err != nil {
		return err
	}
	for _, d := range documents {
		if d.Kind == "EndpointSlice" {
			err = changeEndpoints(server, command, d)
		} else if d.isIstio() {
			err = changeConfig(server, command, d)
		} else {
			err = fmt.Errorf("cannot %s a %s", command, d.Kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func changeConfig(server *xds.FakeDiscoveryServer, command string, d document) error {
	configs, err := parseConfigs(d.text)
	if err != nil {
		return err
	}
	store := server.Store()
	for _, config := range configs {
		known := store.Get(config.GroupVersionKind, config.Name, config.Namespace)
		config.ResourceVersion = ""
		switch {
		case command == "delete":
			err = store.Delete(config.GroupVersionKind, config.Name, config.Namespace, nil)
		case known == nil:
			_, err = store.Create(config)
		default:
			config.CreationTimestamp = known.CreationTimestamp
			_, err = store.Update(config)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func changeEndpoints(server *xds.FakeDiscoveryServer, command string, d document) error {
	slice := &discoveryv1.EndpointSlice{}
	if err := yaml.UnmarshalStrict([]byte(d.text), slice); err != nil {
		return err
	}
	client := server.KubeClient().Kube().DiscoveryV1().EndpointSlices(slice.Namespace)
	if command == "delete" {
		return client.Delete(context.Background(), slice.Name, metav1.DeleteOptions{})
	}
	_, err := client.Update(context.Background(), slice, metav1.UpdateOptions{})
	if kerrors.IsNotFound(err) {
		_, err = client.Create(context.Background(), slice, metav1.CreateOptions{})
	}
	return err
}
