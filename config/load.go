package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	env "github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// EnvPrefix begins every environment variable that is read: YIBAO_MONGODB__URI sets mongodb.uri; two underscores part
// the levels.
const EnvPrefix = "YIBAO_"

// Load reads the YAML file at path (none when path is ""), then the environment (as os.Environ gives it), then the
// files that *_file keys of secrets name, and checks the result whole. The error is Problems, or that of reading path.
func Load(path string, environ []string) (*Config, error) {
	var text []byte
	if path != "" {
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
	}
	return Parse(text, environ)
}

// Parse is Load for a text.
func Parse(text []byte, environ []string) (*Config, error) {
	raw, err := readTree(text, environ)
	if err != nil {
		return nil, Problems{{Key: "(file)", What: err.Error(), Mend: "compare with config.example.yaml"}}
	}
	var found Problems
	r := report{found: &found}
	walk(reflect.TypeFor[Config](), raw, r, readSecretFile)
	walk(reflect.TypeFor[Config](), raw, r, nameUnknown)
	c := Default()
	decode(raw, &c, r)
	c.fill()
	c.check(r)
	if found = found.withoutRepeats(); len(found) > 0 {
		sort.SliceStable(found, func(i, j int) bool { return found[i].Key < found[j].Key })
		return nil, found
	}
	return &c, nil
}

// readTree merges file and environment into one tree of maps. The YAML parser's own error texts quote the input, which
// may hold a secret, so they are not passed on.
func readTree(text []byte, environ []string) (map[string]any, error) {
	k := koanf.New(".")
	if err := loadYAML(k, text); err != nil {
		return nil, err
	}
	fromEnv := env.Provider(".", env.Opt{
		Prefix:        EnvPrefix,
		EnvironFunc:   func() []string { return environ },
		TransformFunc: envKey,
	})
	if err := k.Load(fromEnv, nil); err != nil {
		return nil, errors.New("the environment cannot be read")
	}
	return k.Raw(), nil
}

func loadYAML(k *koanf.Koanf, text []byte) (err error) {
	defer func() {
		if recover() != nil { // a parser of outside bytes must not end the program
			err = errors.New("not valid YAML")
		}
	}()
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil
	}
	if k.Load(rawbytes.Provider(text), yaml.Parser()) != nil {
		return errors.New("not valid YAML")
	}
	return nil
}

// envKey turns YIBAO_WECHAT__APPS__MAIN__SECRET into wechat.apps.main.secret. Lists are comma-separated.
func envKey(name, value string) (string, any) {
	key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, EnvPrefix)), "__", ".")
	return key, value
}

// decode fills c from the tree; wrong types become problems.
func decode(raw map[string]any, c *Config, r report) {
	withRegionDefaults(raw)
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: c, TagName: "koanf", WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(),
			mapstructure.StringToSliceHookFunc(","),
		),
	})
	if err != nil {
		r.add("(file)", "cannot be decoded", "report this as a bug")
		return
	}
	err = decoder.Decode(raw)
	for _, key := range wrongTypes(err) {
		r.add(key, "has the wrong type", "see config.example.yaml for the type and unit")
	}
}

// wrongTypes lists the keys that a decoding error speaks of; the error's own text would quote values.
func wrongTypes(err error) []string {
	if err == nil {
		return nil
	}
	var keys []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			keys = append(keys, wrongTypes(one)...)
		}
		return keys
	}
	var one *mapstructure.DecodeError
	if errors.As(err, &one) {
		return []string{dotted(one.Name())}
	}
	if next := errors.Unwrap(err); next != nil {
		return wrongTypes(next)
	}
	return []string{"(file)"}
}

// dotted turns "regions[990100].name" into "regions.990100.name".
func dotted(key string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(key)
}

// withRegionDefaults puts the defaults of a region under what the file says, so that they show as values. Maps of
// structs have no defaults of their own in mapstructure.
func withRegionDefaults(raw map[string]any) {
	regions, _ := raw["regions"].(map[string]any)
	for code, value := range regions {
		region, ok := value.(map[string]any)
		if !ok {
			continue
		}
		defaults := asTree(defaultRegion().Insurer)
		insurer, _ := region["insurer"].(map[string]any)
		for key, given := range insurer {
			defaults[key] = given
		}
		region["insurer"] = defaults
		regions[code] = region
	}
}

// asTree returns a struct's koanf-tagged fields as a map; zero values are left out.
func asTree(v any) map[string]any {
	tree := map[string]any{}
	value := reflect.ValueOf(v)
	for i := range value.NumField() {
		if field := value.Field(i); !field.IsZero() {
			tree[value.Type().Field(i).Tag.Get("koanf")] = field.Interface()
		}
	}
	return tree
}

// walk calls visit for t and every struct below it that the tree has, with the tree of that struct.
func walk(t reflect.Type, tree map[string]any, r report, visit func(reflect.Type, map[string]any, report)) {
	visit(t, tree, r)
	for i := range t.NumField() {
		field := t.Field(i)
		key := field.Tag.Get("koanf")
		sub, _ := tree[key].(map[string]any)
		switch kind := field.Type.Kind(); {
		case sub == nil:
		case kind == reflect.Struct:
			walk(field.Type, sub, r.at(key), visit)
		case kind == reflect.Map && field.Type.Elem().Kind() == reflect.Struct:
			for name, one := range sub {
				if below, ok := one.(map[string]any); ok {
					walk(field.Type.Elem(), below, r.at(key).at(name), visit)
				}
			}
		}
	}
}

// nameUnknown adds a problem for every key of the tree that the struct does not have.
func nameUnknown(t reflect.Type, tree map[string]any, r report) {
	known := map[string]bool{}
	for i := range t.NumField() {
		known[t.Field(i).Tag.Get("koanf")] = true
	}
	for key := range tree {
		r.need(known[key], key, "is not a known key", "check the spelling against config.example.yaml")
	}
}

// readSecretFile replaces x_file by x for every field x of type Secret.
func readSecretFile(t reflect.Type, tree map[string]any, r report) {
	for i := range t.NumField() {
		if field := t.Field(i); field.Type == reflect.TypeFor[Secret]() {
			readOneSecret(tree, field.Tag.Get("koanf"), r)
		}
	}
}

// maxSecretFile bounds a secret's file; keys are a few KB.
const maxSecretFile = 64 << 10

func readOneSecret(tree map[string]any, key string, r report) {
	fileKey := key + "_file"
	path, given := tree[fileKey].(string)
	if !given {
		return
	}
	delete(tree, fileKey)
	if _, both := tree[key]; both {
		r.add(fileKey, "is given beside "+key, "keep one of the two")
		return
	}
	info, err := os.Stat(path) // a device or a pipe could be read for ever
	var text []byte
	if err == nil && info.Mode().IsRegular() && info.Size() <= maxSecretFile {
		text, err = os.ReadFile(path)
	}
	if err != nil || text == nil {
		r.add(fileKey, "the file cannot be read", "check that the path exists and that this user may read it")
		return
	}
	tree[key] = strings.TrimSpace(string(text))
}
