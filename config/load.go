package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

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
	nameSingleUnderscores(environ, r)
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

// decode fills c from the tree; wrong types become problems.
func decode(raw map[string]any, c *Config, r report) {
	withRegionDefaults(raw)
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: c, TagName: "koanf", DecodeHook: mapstructure.DecodeHookFuncType(fromText),
	})
	if err != nil {
		r.add("(file)", "cannot be decoded", "report this as a bug")
		return
	}
	nameWrongTypes(decoder.Decode(raw), r)
}

// wrongType is a text that cannot be what its key wants. It says nothing of the text, which may be a secret.
type wrongType struct{ what, mend string }

func (w wrongType) Error() string { return w.what }

// fromText reads a text as what its key wants. Lists are comma-separated where they are one text, as in the environment.
func fromText(_, to reflect.Type, given any) (any, error) {
	text, ok := given.(string)
	if !ok {
		return given, nil
	}
	switch {
	case to == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		return d, orWrong(err, wrongType{"is not a duration with its unit", `such as "10s", "5m" or "24h"`})
	case to.Kind() == reflect.Int || to.Kind() == reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, orWrong(err, wrongType{"is not a whole number", "digits alone, such as 20"})
	case to.Kind() == reflect.Bool:
		yes, err := strconv.ParseBool(text)
		return yes, orWrong(err, wrongType{"is neither true nor false", "write true or false"})
	case to == reflect.TypeFor[[]string]() && text == "":
		return []string{}, nil
	case to == reflect.TypeFor[[]string]():
		return strings.Split(text, ","), nil
	default:
		return given, nil
	}
}

func orWrong(err error, wrong wrongType) error {
	if err != nil {
		return wrong
	}
	return nil
}

// nameWrongTypes adds a problem for every key that a decoding error speaks of; the error's own text would quote values.
func nameWrongTypes(err error, r report) {
	var one *mapstructure.DecodeError
	wrong := wrongType{"has the wrong type", "see config.example.yaml for the type and unit"}
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, below := range joined.Unwrap() {
			nameWrongTypes(below, r)
		}
		return
	}
	switch {
	case errors.As(err, &one):
		_ = errors.As(err, &wrong)
		r.add(dotted(one.Name()), wrong.what, wrong.mend)
	case errors.Unwrap(err) != nil:
		nameWrongTypes(errors.Unwrap(err), r)
	default:
		r.add("(file)", wrong.what, wrong.mend)
	}
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

type visit func(reflect.Type, map[string]any, report)

// walk calls f for t and every struct below it that the tree has, with the tree of that struct.
func walk(t reflect.Type, tree map[string]any, r report, f visit) {
	f(t, tree, r)
	for i := range t.NumField() {
		field := t.Field(i)
		key := field.Tag.Get("koanf")
		walkValue(field.Type, tree[key], r.at(key), f)
	}
}

// walkValue walks the structs in the value of a field, also those in a map or a list.
func walkValue(t reflect.Type, value any, r report, f visit) {
	switch given := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct {
			walk(t, given, r, f)
		}
		if t.Kind() == reflect.Map {
			for name, one := range given {
				walkValue(t.Elem(), one, r.at(name), f)
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, one := range given {
				walkValue(t.Elem(), one, r.at(strconv.Itoa(i)), f)
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
	text, err := readSmall(path)
	if err != nil { // the path is not repeated: it could be the secret itself, written under the wrong key
		r.add(fileKey, "the file cannot be read", "check that it exists and that this user may read it; relative paths count "+
			"from the current folder, "+absolute("."))
		return
	}
	tree[key] = strings.TrimSpace(string(text))
}

// readSmall reads a regular file of at most maxSecretFile bytes: a device or a pipe could be read for ever.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return nil, errors.New("not a small file")
	}
	return os.ReadFile(path)
}
