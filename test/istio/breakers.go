package main

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// breaker is one entry of breakers/sets.yaml: wrong.yaml and right.yaml of the directory with its name.
type breaker struct {
	Code string `json:"code"`
	// With are manifests that both presume, World and Proxy are those of a manifestSet.
	With  []string `json:"with"`
	World []string `json:"world"`
	Proxy string   `json:"proxy"`
	// Elsewhere is a second proxy that gets the same manifests.
	Elsewhere string `json:"elsewhere"`
	// Harmless is what looks wrong and breaks nothing. Only tests ask.
	Harmless bool `json:"harmless"`
}

// readBreakers are two sets for each breaker and proxy, `breakers/CODE/wrong` and `breakers/CODE/right`, and for the proxy
// elsewhere the same with `-elsewhere`.
func readBreakers() ([]manifestSet, error) {
	raw, err := os.ReadFile(filepath.Join(home, "breakers", "sets.yaml"))
	if err != nil {
		return nil, err
	}
	var breakers []breaker
	if err := yaml.UnmarshalStrict(raw, &breakers); err != nil {
		return nil, err
	}
	var sets []manifestSet
	for _, b := range breakers {
		for _, name := range []string{"wrong", "right"} {
			directory := filepath.Join("breakers", b.Code)
			set := manifestSet{
				Name:      filepath.Join(directory, name),
				Manifests: append([]string{filepath.Join(home, directory, name+".yaml")}, b.With...),
				Proxy:     b.Proxy,
				World:     b.World,
			}
			sets = append(sets, set)
			if b.Elsewhere != "" {
				set.Name += "-elsewhere"
				set.Proxy = b.Elsewhere
				sets = append(sets, set)
			}
		}
	}
	return sets, nil
}
