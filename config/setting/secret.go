package setting

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that no log, error or dump may show. Every way of printing it gives "***".
type Secret string

const masked = "***"

// Reveal returns the value itself. Call it where the value is used; keep the Secret.
func (s Secret) Reveal() string { return string(s) }

// Format hides the value from fmt under every verb; String and GoString alone would not, as %d shows.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// String hides the value from direct calls.
func (s Secret) String() string { return masked }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }
