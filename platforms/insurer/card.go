package insurer

import (
	"context"

	"yibao/config/setting"
	"yibao/identity"
)

// CardPassword is a region's own way to compare number and query password of the insurance card. It is a local extension:
// no national transaction does, so all fields come from the region's contract.
type CardPassword struct {
	// Transaction is the number of the local transaction, asked with the identity triple and the two fields below. It must
	// refuse unless card and password are that person's. "" means that the region has none.
	Transaction   string `koanf:"transaction"`
	NumberField   string `koanf:"number_field"`   // name of the card's number in the input's data
	PasswordField string `koanf:"password_field"` // name of the password in the input's data
	// Path leads to the result in the output, as in PhoneOnFile, and Right is its value for the right password. "" takes
	// every success for the right one.
	Path  string `koanf:"path"`
	Right string `koanf:"right"`
}

func (c CardPassword) check(r setting.Report) {
	if c.Transaction == "" {
		return
	}
	r.Need(infNo.MatchString(c.Transaction), "transaction", "must have 4 to 6 characters", `such as "90002"`)
	r.Need(c.NumberField != "" && !questionFields[c.NumberField], "number_field", "is missing, or a field of the identity triple",
		"the contract names it")
	r.Need(c.PasswordField != "" && c.PasswordField != c.NumberField && !questionFields[c.PasswordField], "password_field",
		"is missing, or another field's name", "the contract names it")
	r.Need(c.Path == "" || dottedNames.MatchString(c.Path), "path", "must be names with dots between", "such as result.flag")
	r.Need((c.Path == "") == (c.Right == ""), "right", "and path go together", "give both or neither")
}

// VerifyCard asks once: a repeated question could count as another wrong password upstream. Every refusal that is an
// answer counts as a wrong password, also one that no rule understands; else wrong passwords could be tried without an end
// where the rules are incomplete. Errors are *Error and match identity.ErrMismatch (also for a wrong password),
// ErrNotEnrolled or ErrUpstreamUnavailable. Neither number nor password is in any of them, or in a log.
func (c *Client) VerifyCard(ctx context.Context, claim identity.Claim, number, password string) error {
	r := c.regions[claim.Region]
	if r == nil || r.CardPassword.Transaction == "" {
		return &Error{Class: ClassUnsupported, Region: claim.Region}
	}
	card := r.CardPassword
	a := ask{
		infno: card.Transaction, insuredRegion: r.InsuplcAdmdvs, question: question(claim), once: true, refused: ClassMismatch,
		local: map[string]string{card.NumberField: number, card.PasswordField: password},
	}
	answer, err := r.do(ctx, a)
	if err != nil {
		return err
	}
	if result, _ := answer.output.at(card.Path); card.Path != "" && result != card.Right {
		return r.fail(ctx, a, &Error{Class: ClassMismatch, Status: answer.status, Reference: answer.reference})
	}
	return nil
}
