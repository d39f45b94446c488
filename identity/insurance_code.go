package identity

import (
	"strings"

	"yibao/config/setting"
)

// CodeOpening is how a mini-program of one platform opens the official insurance code (医保码) of a region: another
// mini-program by its app id and page, a plugin, or an address. The code itself is the platform's and the bureau's: none is
// made, fetched or kept here. The values come from the contract with the operator of that mini-program.
type CodeOpening struct {
	AppID  string `koanf:"app_id"` // of the mini-program to go to
	Path   string `koanf:"path"`   // its page, with parameters; "" is its first one
	Plugin string `koanf:"plugin"` // the address of a plugin's page, "plugin://NAME/PAGE"
	Scheme string `koanf:"scheme"` // an address that the platform opens, such as "alipays://…"
}

// Check adds every problem of the section.
func (c CodeOpening) Check(r setting.Report) {
	ways := 0
	for _, way := range []string{c.AppID, c.Plugin, c.Scheme} {
		if way != "" {
			ways++
		}
	}
	r.Need(ways == 1, "", "must have one of app_id, plugin and scheme", "the contract names it; leave the platform out where there is none")
	r.Need(c.Path == "" || c.AppID != "", "path", "is the page of a mini-program", "give app_id too, or leave it out")
	r.Need(c.Plugin == "" || strings.HasPrefix(c.Plugin, "plugin://"), "plugin", "is not the address of a plugin's page", "such as plugin://name/page")
	r.Need(c.Scheme == "" || strings.Contains(c.Scheme, "://"), "scheme", "is not an address", "such as alipays://platformapi/startapp?appId=…")
}
