package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"

	"yibao/config/setting"
)

// Load is Read for a server: the error is setting.Problems unless everything can be used.
func Load(path string, environ []string) (*Config, error) {
	c, problems, err := Read(path, environ)
	if err = errors.Join(err, problems.Err()); err != nil {
		return nil, err
	}
	return c, nil
}

// Read reads the YAML file at path (none when path is ""), then the environment (as os.Environ gives it), then the
// files that *_file keys of secrets name, and checks the result whole. The configuration comes with its problems and hints,
// with defaults where a value does not fit; without it there is an error, or a problem of the file itself.
func Read(path string, environ []string) (*Config, setting.Problems, error) {
	var text []byte
	if path != "" {
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return nil, nil, fmt.Errorf("reading the configuration: %w", err)
		}
	}
	c, problems, inline := assemble(text, environ)
	if info, err := os.Stat(path); err == nil && inline && setting.OpenToAll(info) {
		problems = append(problems, setting.Problem{Key: "(file)", What: "holds secrets, and is open to everybody on this machine",
			Mend: "chmod 600 " + path + ", or move the secrets into files of their own", Hint: true})
	}
	return c, problems, nil
}

// assemble puts the configuration together and checks it. inline says that a secret stands in the text itself.
func assemble(text []byte, environ []string) (_ *Config, found setting.Problems, inline bool) {
	r := setting.NewReport(&found)
	tree, err := readTree(text, environ)
	if err != nil {
		r.At("(file)").Take(err)
		return nil, found, false
	}
	c, rd := Default(), reader{report: r, values: map[string]string{}, set: variables(environ)}
	rd.read("", tree, reflect.ValueOf(&c).Elem())
	nameSingleUnderscores(environ, r)
	c.Reminder.DecisionAge = c.Balance.DecisionAge
	c.check(r)
	rd.hintAtExamples()
	for i, p := range found {
		if text := rd.values[p.Key]; text != "" {
			found[i].Value = shown(text)
		}
		found[i].Source = rd.set[p.Key]
	}
	found.Sort()
	return &c, found, rd.inline
}

// readTree merges file and environment into one tree of maps, lists and texts.
func readTree(text []byte, environ []string) (map[string]any, error) {
	k := koanf.New(".")
	if len(strings.TrimSpace(string(text))) > 0 {
		if err := k.Load(rawbytes.Provider(text), textYAML{koanfyaml.Parser()}); err != nil {
			return nil, err
		}
	}
	if err := k.Load(fromEnv(environ), nil); err != nil {
		return nil, errors.New("the environment cannot be read")
	}
	return k.Raw(), nil
}
