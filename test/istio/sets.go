package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifestSet is one entry of sets.yaml.
type manifestSet struct {
	// Name is the directory under golden/.
	Name string `json:"name"`
	// Manifests are directories that kustomize builds, or files.
	Manifests []string `json:"manifests"`
	// Proxy is the file under proxies/, without .yaml. Absent: the set is checked and nothing is generated.
	Proxy string `json:"proxy"`
	// World are files under world/, without .yaml, that the manifests presume besides cluster.yaml.
	World []string `json:"world"`
	// Unfetched makes the agent's fetch of the module fail.
	Unfetched bool `json:"unfetched"`
}

const home = "test/istio"

func readSets() ([]manifestSet, error) {
	raw, err := os.ReadFile(filepath.Join(home, "sets.yaml"))
	if err != nil {
		return nil, err
	}
	var sets []manifestSet
	if err := yaml.UnmarshalStrict(raw, &sets); err != nil {
		return nil, err
	}
	pairs, err := readBreakers()
	return append(sets, pairs...), err
}

func findSet(name string) (manifestSet, error) {
	sets, err := readSets()
	if err != nil {
		return manifestSet{}, err
	}
	for _, set := range sets {
		if set.Name == name {
			return set, nil
		}
	}
	return manifestSet{}, fmt.Errorf("sets.yaml has no set %q", name)
}

// document is one object of the manifests, as text.
type document struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	text string
}

func (d document) isIstio() bool { return strings.Contains(d.APIVersion, "istio.io/") }

// isCluster tells what Istio's fake Kubernetes client can hold and the generator reads.
func (d document) isCluster() bool {
	return d.APIVersion == "v1" || strings.HasPrefix(d.APIVersion, "discovery.k8s.io/") ||
		strings.HasPrefix(d.APIVersion, "gateway.networking.k8s.io/")
}

func (d document) isSame(other document) bool {
	return d.Kind == other.Kind && d.Metadata == other.Metadata
}

func (d document) isWaypoint() bool {
	return d.Kind == "Gateway" && strings.Contains(d.text, "gatewayClassName: istio-waypoint")
}

func (d document) hasPersistentSession() bool {
	return d.Kind == "Service" && strings.Contains(d.text, "istio.io/persistent-session")
}

// documents are those of the manifests, and after them those of the world. Of two for one object the later counts.
func (s manifestSet) documents() ([]document, error) {
	all, err := readAll(s.Manifests)
	if err != nil {
		return nil, err
	}
	world := []string{filepath.Join(home, "world", "cluster.yaml")}
	for _, name := range s.World {
		world = append(world, filepath.Join(home, "world", name+".yaml"))
	}
	more, err := readAll(world)
	all = append(all, more...)
	var kept []document
	for i, d := range all {
		if !slices.ContainsFunc(all[i+1:], d.isSame) {
			kept = append(kept, d)
		}
	}
	return kept, err
}

func readAll(paths []string) ([]document, error) {
	var all []document
	for _, path := range paths {
		text, err := build(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		found, err := split(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// build is what `kubectl kustomize` prints for a directory, or a file as it stands.
func build(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		raw, err := os.ReadFile(path)
		return string(raw), err
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		return "", err
	}
	raw, err := built.AsYaml()
	return string(raw), err
}

func split(text string) ([]document, error) {
	var found []document
	for _, part := range strings.Split("\n"+text, "\n---\n") {
		var d document
		if err := yaml.Unmarshal([]byte(part), &d); err != nil {
			return nil, err
		}
		if d.Kind == "" {
			continue
		}
		d.text = part
		found = append(found, d)
	}
	return found, nil
}

func join(documents []document, keep func(document) bool) string {
	var texts []string
	for _, d := range documents {
		if keep(d) {
			texts = append(texts, strings.TrimSpace(d.text))
		}
	}
	return strings.Join(texts, "\n---\n")
}
