package sim

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/policy"
)

// compile reads a section policy: the spec of a HedgePolicy, of which match and
// upstream may be left out, since the scenario says what arrives and where it goes.
func (r *reader) compile(section *yaml.Node, path string, endpoints int) *policy.Policy {
	if section.Kind != yaml.MappingNode {
		r.fault(path, "Required value: the spec of a policy, such as {deadline: 100ms}")
		return nil
	}
	spec := *section
	if !r.has(member(path, "match")) {
		spec.Content = append(spec.Content, word("match"), list(mapping(word("hosts"), list(word("scenario")))))
	}
	if !r.has(member(path, "upstream")) {
		addresses := list()
		for i := range endpoints {
			addresses.Content = append(addresses.Content, word(fmt.Sprintf("http://endpoint-%d", i+1)))
		}
		spec.Content = append(spec.Content, word("upstream"), mapping(word("endpoints"), addresses))
	}
	text, err := yaml.Marshal(mapping(
		word("apiVersion"), word(v1alpha1.APIVersion),
		word("kind"), word(v1alpha1.Kind),
		word("metadata"), mapping(word("name"), word("scenario")),
		word("spec"), &spec,
	))
	if err != nil {
		r.fault(path, "cannot be read: %v", err)
		return nil
	}
	policies, faults := policy.Parse(text, policy.Options{Place: r.place})
	for _, f := range faults.Errors() {
		r.fault(path+strings.TrimPrefix(f.Path, "spec"), "%s", strings.ReplaceAll(f.Message, "spec.", path+"."))
	}
	if len(policies) != 1 {
		return nil
	}
	return policies[0]
}

func word(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func list(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

func mapping(fields ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: fields}
}
