package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"istio.io/istio/manifests"
	kubecrd "istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/kube"
)

// checkManifests judges each set of sets.yaml as the API server, Istio's webhook and `istioctl analyze` would
// together: Kubernetes' and the Gateway API's objects by their fields, Istio's by CRDs, validators and analyzers.
// Warnings count as errors: there are none. Then other CRDs judge what they define: see checkByCRDs.
func checkManifests(crds []string) error {
	sets, err := readSets()
	if err != nil {
		return err
	}
	ours, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		return err
	}
	validator, err := crdValidator(ours)
	if err != nil {
		return err
	}
	problems, objects := 0, 0
	for _, set := range sets {
		documents, err := set.documents()
		if err != nil {
			return fmt.Errorf("%s: %w", set.Name, err)
		}
		found, err := checkSet(validator, documents)
		if err != nil {
			return fmt.Errorf("%s: %w", set.Name, err)
		}
		for _, problem := range found {
			fmt.Printf("%s: %s\n", set.Name, problem)
		}
		problems += len(found)
		objects += len(documents)
	}
	if problems > 0 {
		return fmt.Errorf("%d problems", problems)
	}
	fmt.Printf("accepted: %d sets, %d objects\n", len(sets), objects)
	for _, path := range crds {
		if err := checkByCRDs(path, sets); err != nil {
			return err
		}
	}
	return nil
}

// checkByCRDs judges the objects that these CRDs define, by schemas and CEL rules alone. The path is a file of CRDs or a
// directory of such files, within a Go module.
func checkByCRDs(path string, sets []manifestSet) error {
	files, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		files = []string{path}
	}
	groups := map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, match := range groupOfCRD.FindAllStringSubmatch(string(raw), -1) {
			groups[match[1]] = true
		}
	}
	validator, err := crd.NewValidatorFromFiles(files...)
	if err != nil {
		return err
	}
	module := moduleOf.FindString(path)
	seen := map[string]bool{}
	for _, set := range sets {
		documents, err := set.documents()
		if err != nil {
			return err
		}
		for _, d := range documents {
			group, _, _ := strings.Cut(d.APIVersion, "/")
			if !groups[group] || seen[d.text] {
				continue
			}
			seen[d.text] = true
			if err := validator.ValidateCustomResourceYAML(d.text, nil); err != nil {
				return fmt.Errorf("%s: %s: %s %s: %w", module, set.Name, d.Kind, d.Metadata.Name, err)
			}
		}
	}
	if len(seen) == 0 {
		return fmt.Errorf("%s: no object is defined by these CRDs", path)
	}
	fmt.Printf("accepted by the CRDs of %s: %d objects\n", module, len(seen))
	return nil
}

var (
	groupOfCRD = regexp.MustCompile(`(?m)^  group: (\S+)$`)
	// The name and version of a module, in the path of its directory.
	moduleOf = regexp.MustCompile(`[^/]+@[^/]+`)
)

// crdValidator knows the schemas and CEL rules of Istio's CRDs, as the API server gets them.
func crdValidator(data []byte) (*crd.Validator, error) {
	directory, err := os.MkdirTemp("", "mooring-crd-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "crd.yaml")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	return crd.NewValidatorFromFiles(file)
}

func checkSet(validator *crd.Validator, documents []document) ([]string, error) {
	var problems []string
	add := func(who string, err error) {
		if err != nil {
			problems = append(problems, who+": "+err.Error())
		}
	}
	for _, d := range documents {
		if d.isIstio() {
			add("schema of "+d.Kind+" "+d.Metadata.Name, validator.ValidateCustomResourceYAML(d.text, nil))
		}
	}
	strict := serializer.NewCodecFactory(kube.IstioScheme, serializer.EnableStrict).UniversalDeserializer()
	for _, d := range documents {
		if d.isIstio() || !kube.IstioScheme.Recognizes(schema.FromAPIVersionAndKind(d.APIVersion, d.Kind)) {
			continue
		}
		_, _, err := strict.Decode([]byte(d.text), nil, nil)
		add("fields of "+d.Kind+" "+d.Metadata.Name, err)
	}
	configs, _, err := kubecrd.ParseInputs(join(documents, document.isIstio))
	if err != nil {
		return append(problems, "validator: "+err.Error()), nil
	}
	for _, config := range configs {
		kind, known := collections.Pilot.FindByGroupVersionKind(config.GroupVersionKind)
		if !known {
			return nil, errors.New("no validator for " + config.GroupVersionKind.Kind)
		}
		warning, err := kind.ValidateConfig(config)
		who := "validator of " + config.GroupVersionKind.Kind + " " + config.Name
		add(who, err)
		add(who, warning)
	}
	messages, err := analyze(documents)
	return append(problems, messages...), err
}

// analyze runs every analyzer that needs no cluster.
func analyze(documents []document) ([]string, error) {
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", "istio-system", nil)
	text := join(documents, func(d document) bool { return d.isIstio() || d.isCluster() || d.Kind == "Deployment" })
	source := []local.ReaderSource{{Name: "manifests", Reader: strings.NewReader(text)}}
	// The variant for tests: only it reads Namespaces, Services and Pods out of files.
	if err := analyzer.AddTestReaderKubeSource(source); err != nil {
		return nil, err
	}
	if err := analyzer.AddDefaultResources(); err != nil {
		return nil, err
	}
	result, err := analyzer.Analyze(make(chan struct{}))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, message := range result.Messages {
		if message.Type.Level().IsWorseThanOrEqualTo(diag.Warning) {
			found = append(found, "analyzer: "+message.String())
		}
	}
	return found, nil
}
