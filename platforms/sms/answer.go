package sms

import (
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"yibao/platforms/internal/lenient"
)

// maxMessageID bounds what counts as an id.
const maxMessageID = 64

// readAnswer returns nil only when the gateway plainly took the message on.
func readAnswer(status int, body []byte) error {
	if status == http.StatusGatewayTimeout || status == http.StatusRequestTimeout {
		return ErrTimeout
	}
	if status >= http.StatusInternalServerError {
		return fmt.Errorf("%w: status %d", ErrTransport, status)
	}
	// A map, not a struct: encoding/json would match a struct's fields in any letter case.
	var answer map[string]any
	if !utf8.Valid(body) || json.Unmarshal(lenient.JSON(body), &answer) != nil {
		return fmt.Errorf("%w: status %d", ErrMalformed, status)
	}
	code, _ := answer["code"].(string)
	id, _ := answer["message_id"].(string)
	switch {
	case !plainCode(code):
		return fmt.Errorf("%w: status %d", ErrMalformed, status)
	case code != "OK":
		return fmt.Errorf("%w: code %s", ErrRefused, code)
	case status != http.StatusOK || !plainID(id):
		return fmt.Errorf("%w: status %d", ErrMalformed, status)
	}
	return nil
}

// plainCode keeps a gateway from writing a sentence, a phone or a one-time code into our errors: few digits pass.
func plainCode(code string) bool {
	if code == "" || len(code) > 40 {
		return false
	}
	digits := 0
	for _, r := range code {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case (r < 'A' || r > 'Z') && r != '_':
			return false
		}
	}
	return digits < 6
}

func plainID(id string) bool {
	if id == "" || len(id) > maxMessageID {
		return false
	}
	for _, r := range id {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return true
}
