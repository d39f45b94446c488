package alipay

import (
	"encoding/json"
	"errors"
	"strings"

	"yibao/platforms/internal/lenient"
)

var errAnswer = errors.New("alipay: the signed answer cannot be read")

// loose is a text that Alipay sends now as a JSON string, now as a number or a boolean, by version of the interface.
type loose string

// UnmarshalJSON accepts null, strings, numbers and booleans; anything else fails. 10000.0 is 10000.
func (l *loose) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return errAnswer
		}
		*l = loose(lenient.Whole(text))
		return nil
	case '{', '[':
		return errAnswer
	}
	*l = loose(lenient.Whole(string(raw)))
	return nil
}

// result is what every answer begins with; a successful sign-in has no code at all.
type result struct {
	Code    loose `json:"code"`
	SubCode loose `json:"sub_code"`
}

func (r result) code() string { return joinCodes(string(r.Code), string(r.SubCode)) }

// oauthAnswer is what alipay.system.oauth.token answers. Tokens are looked at for presence only and never kept.
type oauthAnswer struct {
	result
	OpenID      string `json:"open_id"`
	UserID      string `json:"user_id"`
	AccessToken string `json:"access_token"`
	ExpiresIn   loose  `json:"expires_in"` // a string by the official types, a number in practice
}

func decodeOAuth(raw []byte) (oauthAnswer, error) {
	var answer oauthAnswer
	if json.Unmarshal(lenient.JSON(raw), &answer) != nil {
		return oauthAnswer{}, errAnswer
	}
	return answer, nil
}

func decodeSend(raw []byte) (result, error) {
	var answer result
	if json.Unmarshal(lenient.JSON(raw), &answer) != nil {
		return result{}, errAnswer
	}
	return answer, nil
}

// relationAnswer is what alipay.open.app.messagetemplate.subscribe.query answers.
type relationAnswer struct {
	result
	Relations []struct {
		TemplateID string `json:"template_id"`
		State      loose  `json:"subscribe_state"`
	} `json:"subscribe_relations"`
}

func decodeRelations(raw []byte) (relationAnswer, error) {
	var answer relationAnswer
	if json.Unmarshal(lenient.JSON(raw), &answer) != nil {
		return relationAnswer{}, errAnswer
	}
	return answer, nil
}

// subscribed says whether the user holds a subscription to the template. The list is absent when there never was one.
// Which words subscribe_state takes is not published: only plain refusals count as one.
func (r relationAnswer) subscribed(template string) bool {
	for _, relation := range r.Relations {
		if relation.TemplateID != template {
			continue
		}
		switch strings.ToLower(string(relation.State)) {
		case "false", "0", "n", "no", "unsubscribe", "unsubscribed", "cancel", "refuse", "reject":
			return false
		}
		return true
	}
	return false
}
