package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"hedged.dev/hedged/pkg/command"
)

// configFlag names the flag that names the file. It is the only flag that a
// file cannot hold.
const configFlag = "config"

const envPrefix = "HEDGED_"

// configure gives each flag that the command line leaves out its value from
// the environment (HEDGED_LAME_DUCK for --lame-duck) or else from the file of
// --config, whose keys are the flags' names. The flag's own parser reads all
// three, so each place takes the same words and gives the same errors.
//
// The warnings are HEDGED_* variables that no flag reads. An unknown key in
// the file is an error: a file is written for hedged alone.
func configure(flags *pflag.FlagSet, environ []string) (warnings []string, err error) {
	v := viper.New()
	file := flags.Lookup(configFlag).Value.String()
	if file == "" {
		file = os.Getenv(envName(configFlag))
	}
	if file != "" {
		if err := readFile(v, file, settings(flags)); err != nil {
			return nil, err
		}
	}
	for _, name := range settings(flags) {
		if err := v.BindEnv(name, envName(name)); err != nil {
			return nil, err
		}
		if f := flags.Lookup(name); !f.Changed && v.IsSet(name) {
			if err := set(f, v.Get(name)); err != nil {
				return nil, command.Usagef("%s: %w", place(name, file), err)
			}
		}
	}
	return unknownVariables(environ, settings(flags)), nil
}

// settings are the flags that may also be set elsewhere.
func settings(flags *pflag.FlagSet) []string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != configFlag && f.Name != "help" {
			names = append(names, f.Name)
		}
	})
	return names
}

// readFile reads a YAML file of which every key is one of names.
func readFile(v *viper.Viper, file string, names []string) error {
	v.SetConfigFile(file)
	v.SetConfigType("yaml")
	err := v.ReadInConfig()
	var syntax viper.ConfigParseError
	if errors.As(err, &syntax) {
		err = syntax.Unwrap() // without viper's preface
	}
	if err != nil {
		return command.Usagef("%s: %w", file, err)
	}
	for _, key := range slices.Sorted(slices.Values(v.AllKeys())) {
		if slices.Contains(names, key) {
			continue
		}
		if guess, ok := command.Nearest(key, names); ok {
			return command.Usagef("%s: unknown key %s; did you mean %s?", file, key, guess)
		}
		return command.Usagef("%s: unknown key %s; the keys are %s", file, key, strings.Join(names, ", "))
	}
	return nil
}

// set gives a flag the value that a file or a variable holds.
func set(f *pflag.Flag, value any) error {
	text := fmt.Sprint(value)
	switch value := value.(type) {
	case string, bool, int, int64, uint64, float64:
	case []any:
		if f.Value.Type() != "stringSlice" {
			return fmt.Errorf("%s: want one value, got %v", f.Name, value)
		}
		text = strings.Trim(strings.ReplaceAll(text, " ", ","), "[]")
	default:
		return fmt.Errorf("%s: want one value, got %v", f.Name, value)
	}
	if err := f.Value.Set(text); err != nil {
		return fmt.Errorf("%s: invalid value %q: %w", f.Name, text, err)
	}
	return nil
}

// place is where a setting that is not on the command line comes from.
func place(name, file string) string {
	if os.Getenv(envName(name)) != "" {
		return envName(name)
	}
	return cmp.Or(file, "default")
}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// serviceVariables are the ones that Kubernetes makes of Services whose name
// begins with hedged (HEDGED_SERVICE_HOST, HEDGED_PORT_8080_TCP_ADDR, …).
var serviceVariables = regexp.MustCompile(`^HEDGED_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)`)

func unknownVariables(environ, names []string) (warnings []string) {
	known := []string{envName(configFlag)}
	for _, name := range names {
		known = append(known, envName(name))
	}
	for _, entry := range environ {
		variable, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(variable, envPrefix) || slices.Contains(known, variable) || serviceVariables.MatchString(variable) {
			continue
		}
		warning := variable + " is not a setting and has no effect"
		if guess, ok := command.Nearest(variable, known); ok {
			warning += "; did you mean " + guess + "?"
		}
		warnings = append(warnings, warning)
	}
	return warnings
}
