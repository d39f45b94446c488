package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"yibao/cmd/internal/phone"
)

// showExchange prints a request and its answer.
func showExchange(out io.Writer, e phone.Exchange) {
	fmt.Fprintf(out, "   → %s %s\n", e.Method, e.Path)
	if e.Request != "" {
		fmt.Fprintln(out, indent(shorten(pretty(e.Request)), "     "))
	}
	fmt.Fprintf(out, "   ← %d\n", e.Status)
	if e.Answer != "" {
		fmt.Fprintln(out, indent(shorten(pretty(e.Answer)), "     "))
	}
}

func pretty(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}

// maxShown keeps a long answer, such as a month's chart, to a screen.
const maxShown = 40

func shorten(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) <= maxShown {
		return strings.Join(lines, "\n")
	}
	cut := fmt.Sprintf("… (+%d) …", len(lines)-maxShown)
	return strings.Join(append(append(lines[:maxShown/2:maxShown/2], cut), lines[len(lines)-maxShown/2:]...), "\n")
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(text, "\n", "\n"+by)
}

// showPhone draws a message as the phone's screen shows it.
func showPhone(out io.Writer, title, text string) {
	fmt.Fprintf(out, "   ┌─ %s\n%s\n   └─\n", title, indent(strings.TrimSpace(text), "   │ "))
}
