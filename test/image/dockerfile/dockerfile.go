package dockerfile

import (
	"encoding/json"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Config returns what the last stage of a Dockerfile says of its image. The stage
// must start from scratch. args are build arguments, as --build-arg gives them to
// an engine; the last stage must declare each.
func Config(text string, args map[string]string) (v1.Config, error) {
	stage := lastStage(instructions(text))
	if len(stage) == 0 {
		return v1.Config{}, fmt.Errorf("the Dockerfile has no FROM")
	}
	if base := strings.Fields(stage[0].rest); len(base) == 0 || base[0] != "scratch" {
		return v1.Config{}, fmt.Errorf("line %d: the last stage must be FROM scratch: nothing else is to be had without an engine", stage[0].line)
	}
	r := reader{given: args, value: map[string]string{}}
	for _, i := range stage[1:] {
		if err := r.read(i); err != nil {
			return v1.Config{}, fmt.Errorf("line %d: %s: %w", i.line, i.name, err)
		}
	}
	for name := range args {
		if _, ok := r.value[name]; !ok {
			return v1.Config{}, fmt.Errorf("the last stage has no ARG %s", name)
		}
	}
	return r.config, nil
}

// reader is the state between two instructions.
type reader struct {
	given  map[string]string
	value  map[string]string // of the ARGs so far
	config v1.Config
}

func (r *reader) read(i instruction) error {
	switch i.name {
	case "COPY":
		return nil
	case "ENTRYPOINT":
		return list(i.rest, &r.config.Entrypoint)
	case "CMD":
		return list(i.rest, &r.config.Cmd)
	}
	words, err := split(i.rest, r.value)
	if err != nil {
		return err
	}
	switch i.name {
	case "ARG":
		return r.argument(words)
	case "LABEL":
		return pairs(words, func(key, value string) {
			if r.config.Labels == nil {
				r.config.Labels = map[string]string{}
			}
			r.config.Labels[key] = value
		})
	case "ENV":
		return pairs(words, func(key, value string) { r.config.Env = append(r.config.Env, key+"="+value) })
	case "EXPOSE":
		r.expose(words)
		return nil
	case "USER":
		return single(words, &r.config.User)
	case "WORKDIR":
		return single(words, &r.config.WorkingDir)
	}
	return fmt.Errorf("this instruction is not understood here: without an engine only ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, LABEL, USER and WORKDIR are")
}

// argument declares ARGs: what was given, or else the default.
func (r *reader) argument(words []string) error {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		if given, ok := r.given[key]; ok {
			value = given
		}
		r.value[key] = value
	}
	return nil
}

func (r *reader) expose(words []string) {
	if r.config.ExposedPorts == nil {
		r.config.ExposedPorts = map[string]struct{}{}
	}
	for _, w := range words {
		if !strings.Contains(w, "/") {
			w += "/tcp"
		}
		r.config.ExposedPorts[w] = struct{}{}
	}
}

func single(words []string, to *string) error {
	if len(words) != 1 {
		return fmt.Errorf("one word is expected, not %d", len(words))
	}
	*to = words[0]
	return nil
}

func pairs(words []string, set func(key, value string)) error {
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return fmt.Errorf("%q is not KEY=VALUE", w)
		}
		set(key, value)
	}
	return nil
}

func list(text string, to *[]string) error {
	if err := json.Unmarshal([]byte(text), to); err != nil || len(*to) == 0 {
		return fmt.Errorf(`a list like ["/program", "argument"] is expected: there is no shell that would take %q apart`, text)
	}
	return nil
}
