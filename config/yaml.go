package config

import (
	"errors"
	"regexp"
	"strings"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"go.yaml.in/yaml/v3"

	"yibao/identity/panics"
)

// textYAML is koanf's parser, but for one thing: every scalar is the text that it was written as. YAML's own types would
// make 01 a 1, 0123456 an octal number and 2026-11-01 a time, without regard to the type of the key.
type textYAML struct{ *koanfyaml.YAML }

// Unmarshal implements koanf.Parser. Texts of its errors hold nothing of the input.
func (textYAML) Unmarshal(text []byte) (tree map[string]any, err error) {
	defer func() {
		if recover() != nil { // a parser of outside bytes must not end the program
			err = errors.New("not valid YAML; the parser failed in " + panics.Site())
		}
	}()
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, withoutInput(err)
	}
	asWritten(&document)
	if err := document.Decode(&tree); err != nil {
		return nil, withoutInput(err)
	}
	return tree, nil
}

func asWritten(n *yaml.Node) {
	if tag := n.ShortTag(); n.Kind == yaml.ScalarNode && tag != "!!null" && tag != "!!merge" {
		n.Tag = "!!str"
	}
	for _, below := range n.Content {
		asWritten(below)
	}
}

var yamlLine = regexp.MustCompile(`line [0-9]+`)

// withoutInput keeps the line of a YAML error; the rest of its text may quote the input, and so a secret.
func withoutInput(err error) error {
	what := "not valid YAML"
	if strings.Contains(err.Error(), "already defined") {
		what = "a key is there twice"
	}
	if line := yamlLine.FindString(err.Error()); line != "" {
		what += ", near " + line
	}
	return errors.New(what)
}
