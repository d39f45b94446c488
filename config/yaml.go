package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"go.yaml.in/yaml/v3"

	"yibao/config/setting"
	"yibao/identity/panics"
)

// textYAML is koanf's parser, but for one thing: every scalar is the text that it was written as. YAML's own types would
// make 01 a 1, 0123456 an octal number and 2026-11-01 a time, without regard to the type of the key.
type textYAML struct{ *koanfyaml.YAML }

// Unmarshal implements koanf.Parser. Its error is setting.Problems; no text of it holds anything of the input.
func (textYAML) Unmarshal(text []byte) (tree map[string]any, err error) {
	defer func() {
		if recover() != nil { // a parser of outside bytes must not end the program
			err = setting.Problems{{What: "is not valid YAML; the parser failed in " + panics.Site(), Mend: "compare with config.example.yaml"}}
		}
	}()
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // means nothing in YAML
	if err := setting.CheckText(text); err != nil {
		return nil, setting.Problems{{What: err.Error(), Mend: "an editor's \"save as\" offers the encoding"}}
	}
	document, err := parseYAML(text)
	if err != nil {
		return nil, because(err, lineOf(text, err))
	}
	asWritten(document)
	if err := document.Decode(&tree); err != nil {
		return nil, because(err, yamlLine.FindString(err.Error()))
	}
	return tree, nil
}

var errTwoDocuments = errors.New("more than one document")

func parseYAML(text []byte) (*yaml.Node, error) {
	var document, another yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	switch err := decoder.Decode(&another); {
	case err == nil:
		return nil, errTwoDocuments
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return &document, nil
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

// lineOf finds the line that breaks the text: the text before it has no such error. The line that the parser
// names is that where the surrounding list or group begins.
func lineOf(text []byte, err error) string {
	kind := func(err error) string { return yamlLine.ReplaceAllString(err.Error(), "") }
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines) > 5000 {
		return yamlLine.FindString(err.Error())
	}
	n := len(lines)
	for ; n > 1; n-- {
		if _, before := parseYAML(bytes.Join(lines[:n-1], nil)); before == nil || kind(before) != kind(err) {
			break
		}
	}
	return fmt.Sprintf("line %d", n)
}

// yamlReasons says in plain words why a text is not valid YAML, by a part of the parser's own text, and how to mend it. The
// whole of that text may quote the input, and so a secret.
var yamlReasons = [][3]string{
	{"already defined", "a key is there twice", "keep one of the two"},
	{"more than one document", "a line --- begins a second document", "take the line out"},
	{"tab character", "a tab indents a line", "indent with spaces"},
	{"mapping values are not allowed", "a colon stands where no key can be",
		"indent the key like those beside it, put a value with a colon into quotes; the line above may lack its colon (： is none)"},
	{"cannot start any token", "a value begins with a character that YAML keeps for itself, such as @ ` %", "put the value into quotes"},
	{"end of stream", "a quote is opened and not closed", "close it"},
	{"',' or", "a [ or { is opened and not closed", "close it, or put the value into quotes"},
	{"expected ':'", "a line holds no colon, or a text is not indented", "write key: value; indent the lines of a text like its first"},
	{"expected key", "a value goes on behind its closing quote, or a key is indented otherwise than those beside it",
		"double a ' within quotes of that kind; indent keys alike"},
	{"'-' indicator", "a list is followed by what is no item of it", "begin each item with -, and indent keys like those beside them"},
	{"hexdecimal", "a backslash stands in double quotes", "use single quotes"},
	{"escape c", "a backslash stands in double quotes", "use single quotes"},
	{"anchor", "a value begins with * or &, which YAML keeps for itself", "put the value into quotes"},
	{"alphabetic", "a value begins with * or &, which YAML keeps for itself", "put the value into quotes"},
	{"tag", "a value begins with !, which YAML keeps for itself", "put the value into quotes"},
	{"sequence entries", "a - stands where no list can be", "begin the list in the line below its key"},
	{"control characters", "there is a control character", "delete it"},
	{"cannot unmarshal", "there are no keys with values", "compare with config.example.yaml"},
	{"", "it cannot be read", "compare with config.example.yaml"},
}

func because(err error, line string) setting.Problems {
	for _, reason := range yamlReasons {
		if strings.Contains(err.Error(), reason[0]) {
			what := "is not valid YAML: " + reason[1]
			if line != "" {
				what += ", near " + line
			}
			return setting.Problems{{What: what, Mend: reason[2]}}
		}
	}
	return nil
}
