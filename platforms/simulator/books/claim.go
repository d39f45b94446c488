package books

import (
	"time"

	"yibao/balance"
)

// course is the steps of a claim, each with its day. The codes are the online claim flags.
type course []struct {
	after       int
	code, label string
	opinion     string
}

var courses = []course{
	{{0, "0", "已提交", ""}, {1, "11", "已受理，待寄送票据原件", ""}, {4, "4", "经办初审通过", ""}, {9, "6", "复核通过", ""}, {15, "8", "已拨付", ""}},
	{{0, "0", "已提交", ""}, {1, "11", "已受理，待寄送票据原件", ""}, {5, "5", "经办初审退回", "缺少费用明细清单"}, {12, "4", "经办初审通过", ""}, {16, "6", "复核通过", ""}, {22, "8", "已拨付", ""}},
	{{0, "0", "已提交", ""}, {1, "11", "已受理，待寄送票据原件", ""}, {4, "4", "经办初审通过", ""}, {10, "7", "复核不通过", "就诊机构不在报销范围内"}},
	{{0, "0", "已提交", ""}, {1, "11", "已受理，待寄送票据原件", ""}, {4, "4", "经办初审通过", ""}, {9, "6", "复核通过", ""}, {15, "9", "拨付退回", "银行账号有误"}, {21, "8", "已拨付", ""}},
}

// claim hands in a bill every 150 to 209 days. The money goes to the person's bank, not into the account.
func (k *keeper) claim(day time.Time, n int) {
	every := 150 + int(roll(k.plan.Seed+"claim", 0)%60)
	if k.plan.Still || n%every != every/2 {
		return
	}
	dice := roll(k.plan.Seed+"claim", n)
	at := day.Add(15 * time.Hour)
	c := Claim{ID: k.id("B", at), Institution: elsewhere, Total: balance.Fen(50000 + dice>>3%300000)}
	for _, step := range courses[dice%uint32(len(courses))] {
		if when := at.AddDate(0, 0, step.after); !when.After(k.until) {
			c.Steps = append(c.Steps, Step{At: when, Code: step.code, Label: step.label, Opinion: step.opinion})
			if step.code == "6" {
				c.Fund = c.Total * 55 / 100
			}
		}
	}
	if len(c.Steps) > 0 {
		k.Claims = append(k.Claims, c)
	}
}
