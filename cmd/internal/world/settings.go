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
	gmAppID     = "demo-app-0000000000000000000001"
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
				SuccessCode: "0", Unwrap: "object", NumberMode: "string", PhoneOnFile: true, QuotaLeft: true,
				Lists: simulator.ListsOf(simulator.RegionA), NotFoundText: notFound, MismatchText: mismatch},
			{Code: simulator.RegionB, Name: "示例市乙", PathMode: "single", Auth: "apikey", APIKey: w.secrets.APIKey,
				SuccessCode: "1", Unwrap: "nested", NumberMode: "number", Lists: simulator.ListsOf(simulator.RegionB), NotFoundText: notFound, MismatchText: mismatch},
			{Code: simulator.RegionC, Name: "示例市丙", PathMode: "single", Family: "gm", PhoneOnFile: true, QuotaLeft: true,
				Lists: simulator.ListsOf(simulator.RegionC), NotFoundText: notFound, MismatchText: mismatch,
				GM: simulator.GM{AppID: gmAppID, Secret: w.secrets.GM.App, PrivateKey: w.secrets.GM.Platform.Private,
					AppKey: w.secrets.GM.Ours.Public, UserID: "secret"}},
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
		"regions": tree{simulator.RegionA: w.regionA(url), simulator.RegionB: w.regionB(url), simulator.RegionC: w.regionC(url)},
		"sms": tree{"url": url + "/sms/send", "app_key": smsKey, "secret": w.secrets.SMS, "sign_name": smsSign,
			"template": smsTemplate},
		"consent": tree{"version": "demo-1", "text": consentText, "unattended_text": unattendedText},
		"log":     tree{"format": "text", "level": "warn"},
	}
	w.secrets.settings(all, url, []string{simulator.RegionA, simulator.RegionB, simulator.RegionC})
	return all
}

func (w *World) regionA(url string) tree {
	return tree{"name": "示例市甲", "unattended": true,
		"insurer": tree{"base_url": url + "/insurer/" + simulator.RegionA, "path_mode": "suffix", "auth": "tif",
			"paas_id": paasID, "secret": w.secrets.TIF, "mdtrtarea_admvs": simulator.RegionA,
			"fixmedins_code": "H99010000001", "fixmedins_name": "示例机构甲", "numbers": "text", "failures": failures()},
		"local_phone_on_file": tree{"path": "baseinfo.exp_content.local_phone"}, "local_card_password": cardPassword(),
		"accounts": accounts(), "records": records(simulator.RegionA), "catalogue": catalogues(simulator.RegionA),
		"insurance_code": tree{"wechat": tree{"app_id": "demo-code-app", "path": "pages/code/index"}, "alipay": tree{"scheme": "alipays://platformapi/startapp?appId=demo-code-app"}},
	}
}

func (w *World) regionB(url string) tree {
	return tree{"name": "示例市乙", "unattended": true,
		"insurer": tree{"base_url": url + "/insurer/" + simulator.RegionB, "path_mode": "single", "auth": "apikey",
			"secret": w.secrets.APIKey, "mdtrtarea_admvs": simulator.RegionB, "fixmedins_code": "H99020000001",
			"fixmedins_name": "示例机构乙", "success_codes": []string{"0", "1"}, "unwrap": "nested", "numbers": "number",
			"failures": failures()},
		"local_card_password": cardPassword(), "accounts": accounts(), "records": records(simulator.RegionB), "catalogue": catalogues(simulator.RegionB),
	}
}

// regionC speaks the envelope of public services.
func (w *World) regionC(url string) tree {
	return tree{"name": "示例市丙", "unattended": true,
		"insurer": tree{"family": "gm", "base_url": url + "/insurer/" + simulator.RegionC, "path_mode": "single", "gm_app_id": gmAppID,
			"gm_app_secret": w.secrets.GM.App, "gm_private_key": w.secrets.GM.Ours.Private, "gm_platform_public_key": w.secrets.GM.Platform.Public,
			"gm_user_id": "secret", "numbers": "text", "failures": failures()},
		"local_phone_on_file": tree{"path": "baseinfo.exp_content.local_phone"}, "local_card_password": cardPassword(),
		"accounts": accounts(), "records": records(simulator.RegionC), "catalogue": catalogues(simulator.RegionC),
	}
}

// records are the transactions of the simulated regions that tell rows. The first tells contributions without amounts, the
// second no ledger, no claims and no quota; the third leaves empty lists out.
func records(region string) tree {
	blank := region == simulator.RegionC
	all := tree{
		"contributions": tree{"transaction": "L200", "complete_after_days": 2, "rows": "clctdetl", "begin_field": "year", "day_format": "year", "blank_means_none": blank},
		"settlements": tree{"transaction": "L203", "complete_after_days": 6, // those of other provinces come after five
			"rows": "setlinfo", "begin_field": "begntime", "end_field": "endtime", "day_format": "datetime",
			"page_field": "page_num", "size_field": "page_size", "page_rows": 100, "blank_means_none": blank},
		"lines":        tree{"transaction": "5204"},
		"accumulated":  tree{"transaction": "5206", "rows": "cuminfo", "blank_means_none": blank},
		"institutions": tree{"transaction": "5302", "rows": "psnfixmedin", "input": tree{"biz_appy_type": "03"}, "blank_means_none": blank},
	}
	switch region {
	case simulator.RegionA:
		all["contributions"] = tree{"transaction": "90100", "complete_after_days": 2}
	case simulator.RegionB:
		return all
	case simulator.RegionC:
		all["lines"] = tree{"transaction": "5204", "rows": "list"}
	}
	all["ledger"] = tree{"transaction": "L204", "complete_after_days": 1, "rows": "acctdetl", "begin_field": "year", "day_format": "year", "blank_means_none": blank,
		"fields": tree{"id": "acct_detl_id", "out": "expd_sumamt"}}
	all["claims"] = tree{"transaction": "L205", "rows": "claiminfo", "blank_means_none": blank, "fields": tree{"id": "claim_no", "state": "flag",
		"label": "flag_name", "since": "step_time", "submitted": "apply_time", "opinion": "opinion", "steps": "steps"},
		"states": tree{"0": "submitted", "5": "returned"}}
	all["diseases"] = tree{"transaction": "5301", "rows": "feedetail", "blank_means_none": blank}
	all["quotas"] = tree{"transaction": "1101", "rows": "baseinfo.exp_content", "fields": tree{"outpatient_pool": "opt_pool_balc"}}
	return all
}

// catalogues are the transactions about no person. The second region tells no more than the national ones.
func catalogues(region string) tree {
	drugs := tree{"transaction": "1312", "rows": "data", "begin_field": "updt_time", "day_format": "date", "page_field": "page_num", "size_field": "page_size",
		"page_rows": 100, "total": "recordCounts", "blank_means_none": region == simulator.RegionC}
	if region != simulator.RegionB {
		drugs["fields"] = tree{"self_pay": "selfpay_prop", "form": "dosform", "spec": "spec"}
	}
	return tree{"drugs": drugs, "institutions": tree{"transaction": "1201", "rows": "medinsinfo", "input_node": "medinsinfo", "part_field": "fixmedins_type",
		"parts": []string{"1", "2", "3", "4", "5"}, "blank_means_none": true}}
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

// The consent texts of a world without any real person.
const (
	consentText = "一、处理者：示例单位（演示环境，不涉及真实个人信息）。二、目的：核验参保人身份，向参保地医保经办机构查询参保信息和个人账户余额，" +
		"并在本小程序展示。三、个人信息种类：参保人姓名、证件类型和号码、与您的关系、小程序用户标识，查询所得的参保信息和个人账户余额。" +
		"四、保存期限：绑定期间保存，解除绑定后删除。五、您可随时解除绑定以撤回同意；不同意则无法绑定和查询。"
	unattendedText = "一、处理者：示例单位（演示环境）。二、目的：系统定期查询余额，每日保存一次记录；余额低于设定金额时，通过微信或支付宝发送提醒。" +
		"三、个人信息种类：个人账户余额、参保状态和查询时间。四、保存期限：至解除绑定。五、您可随时取消提醒或撤回本项同意，不影响查询余额。"
)
