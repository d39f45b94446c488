package world

import (
	"path/filepath"
	"time"

	"github.com/knadh/koanf/maps"
	"go.yaml.in/yaml/v3"

	"yibao/platforms/simulator"
)

// Both sides of the simulated connection agree on these.
const (
	paasID      = "demo-paas"
	smsKey      = "demo-sms"
	smsSign     = "医保余额演示"
	smsTemplate = "LINK_CODE"
	notFound    = "未查询到参保人信息"
	mismatch    = "姓名与证件号码不一致"
)

// options is the simulators' side.
func (w *World) options(now func() time.Time) simulator.Options {
	o := simulator.Options{
		Regions: []simulator.Region{
			{Code: simulator.RegionA, Name: "示例市甲", PathMode: "suffix", Auth: "tif", PaasID: paasID, Secret: w.secrets.TIF,
				SuccessCode: "0", Unwrap: "object", NumberMode: "string", PhoneOnFile: true, NotFoundText: notFound,
				MismatchText: mismatch},
			{Code: simulator.RegionB, Name: "示例市乙", PathMode: "single", Auth: "apikey", APIKey: w.secrets.APIKey,
				SuccessCode: "1", Unwrap: "nested", NumberMode: "number", NotFoundText: notFound, MismatchText: mismatch},
		},
		SMS: simulator.SMS{AppKey: smsKey, Secret: w.secrets.SMS, SignName: smsSign, Templates: []string{smsTemplate}},
		Now: now,
	}
	w.secrets.simulated(&o)
	return o
}

// writeConfig writes the server's side: the same file that a production server reads.
func (w *World) writeConfig(path, url string) error {
	tree := w.tree(url)
	for key, value := range w.opts.Settings {
		maps.Merge(maps.Unflatten(map[string]any{key: value}, "."), tree)
	}
	text, err := yaml.Marshal(tree)
	if err != nil {
		return err
	}
	return replace(path, text)
}

type tree = map[string]any

func (w *World) tree(url string) tree {
	keys := func(name string) string { return filepath.Join(keyDir(w.opts.Dir), name) }
	all := tree{
		"server":  tree{"listen": w.opts.Server, "drain_delay": "0s"},                // no balancer asks
		"mongodb": tree{"uri": w.store.URI(), "database": "yibao", "timeout": "30s"}, // commands wait for each other there
		"keys": tree{"seal_file": keys("seal.json"), "lookup_file": keys("lookup.json"), "proof_file": keys("proof.json"),
			"code_file": keys("code.json")},
		"token":   tree{"key": w.secrets.Token},
		"regions": tree{simulator.RegionA: w.regionA(url), simulator.RegionB: w.regionB(url)},
		"sms": tree{"url": url + "/sms/send", "app_key": smsKey, "secret": w.secrets.SMS, "sign_name": smsSign,
			"template": smsTemplate},
		"consent": tree{"version": "demo-1", "text": "我同意向参保地医保经办机构查询本人（或我有权代办的人）的参保信息和个人账户余额，" +
			"用于在本小程序展示；勾选后，系统还会每日查询一次余额，用于走势图和余额提醒。"},
		"log": tree{"format": "text", "level": "warn"},
	}
	w.secrets.settings(all, url, []string{simulator.RegionA, simulator.RegionB})
	return all
}

func (w *World) regionA(url string) tree {
	return tree{"name": "示例市甲", "unattended": true,
		"insurer": tree{"base_url": url + "/insurer/" + simulator.RegionA, "path_mode": "suffix", "auth": "tif",
			"paas_id": paasID, "secret": w.secrets.TIF, "mdtrtarea_admvs": simulator.RegionA,
			"fixmedins_code": "H99010000001", "fixmedins_name": "示例机构甲", "numbers": "text", "failures": failures()},
		"local_phone_on_file": tree{"path": "baseinfo.exp_content.local_phone"}, "local_card_password": cardPassword(),
		"accounts": accounts(),
	}
}

func (w *World) regionB(url string) tree {
	return tree{"name": "示例市乙", "unattended": true,
		"insurer": tree{"base_url": url + "/insurer/" + simulator.RegionB, "path_mode": "single", "auth": "apikey",
			"secret": w.secrets.APIKey, "mdtrtarea_admvs": simulator.RegionB, "fixmedins_code": "H99020000001",
			"fixmedins_name": "示例机构乙", "success_codes": []string{"0", "1"}, "unwrap": "nested", "numbers": "number",
			"failures": failures()},
		"local_card_password": cardPassword(), "accounts": accounts(),
	}
}

// cardPassword is the local transaction that both simulated regions have.
func cardPassword() tree {
	return tree{"transaction": "L102", "number_field": "card_no", "password_field": "query_pwd",
		"path": "cardinfo.result", "right": "1"}
}

func failures() tree {
	return tree{"access": []tree{{"code": "500401"}}, "not_enrolled": []tree{{"contains": notFound}}, "mismatch": []tree{{"contains": mismatch}}}
}

// accounts are the invented regions' own rules: employees, civil servants and those retired from either have a personal
// account, residents have none, and of flexible workers nobody says.
func accounts() []tree {
	rules := []tree{{"insutype": "390", "exists": "no"}}
	for _, person := range []string{"1101", "1102", "1201", "1202"} {
		rules = append(rules, tree{"insutype": "310", "psn_type": person, "exists": "yes"})
	}
	return rules
}
