package config

import "log/slog"

// Secret is a value that no log, error or dump may show. Every way of printing it gives "***".
type Secret string

const masked = "***"

// Reveal returns the value itself. Call it where it is used, never to keep it.
func (s Secret) Reveal() string { return string(s) }

// String, GoString, MarshalText and LogValue hide the value from fmt, encoding/json, YAML and slog.
func (s Secret) String() string { return masked }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return masked }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }
