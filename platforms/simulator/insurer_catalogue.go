package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

// The transactions that are about no person: every region has both.
const (
	infnoMedins = "1201"
	infnoListed = "1312"
)

// publicFields are the fields of their questions: true for those that must be there.
var publicFields = map[string]map[string]bool{
	infnoMedins: {"fixmedins_type": true, "fixmedins_name": false, "fixmedins_code": false},
	infnoListed: {"updt_time": true, "page_num": true, "page_size": true, "query_date": false, "hilist_code": false, "insu_admdvs": false,
		"begndate": false, "hilist_name": false, "wubi": false, "pinyin": false, "med_chrgitm_type": false, "chrgitm_lv": false,
		"lmt_used_flag": false, "list_type": false, "med_use_flag": false, "vali_flag": false},
}

// publicly answers a question that is about no person.
func (s *server) publicly(a *insurerCall) reply {
	for name := range a.asked {
		if _, known := publicFields[a.infno][name]; !known {
			return a.refuse("FSI-报文参数不合法：" + name + "[envBO_002]")
		}
	}
	for name, must := range publicFields[a.infno] {
		if must && a.asked[name] == "" {
			return a.refuse("FSI-报文参数不合法：" + name + "[envBO_002]")
		}
	}
	if a.infno == infnoMedins {
		return a.medins()
	}
	return a.covered()
}

// medins are the designated institutions of one type.
func (a *insurerCall) medins() reply {
	if !oneOf(a.asked["fixmedins_type"], "1", "2", "3", "4", "5") {
		return a.refuse("FSI-报文参数不合法：fixmedins_type[envBO_003]")
	}
	rows := []map[string]any{}
	for _, one := range Designated(a.region.Code) {
		if one.Type == a.asked["fixmedins_type"] && isOrAny(a.asked["fixmedins_code"], one.Code) && strings.Contains(one.Name, a.asked["fixmedins_name"]) {
			rows = append(rows, map[string]any{"fixmedins_code": one.Code, "fixmedins_name": one.Name, "uscc": "91990100MA0SL" + one.Code[7:],
				"fixmedins_type": one.Type, "hosp_lv": one.Level})
		}
	}
	if a.fault.is("list_spoilt") {
		rows = append(rows, map[string]any{"fixmedins_name": []any{1}})
	}
	return a.succeed(map[string]any{"medinsinfo": rows})
}

func isOrAny(wanted, is string) bool { return wanted == "" || wanted == is }

// Designated are all designated institutions of a region.
func Designated(region string) []books.Institution {
	list := books.Institutions(region)
	for i, quarter := range []string{"东城", "西城", "南湖", "北山", "中和", "新安"} {
		for j, kind := range []struct{ name, mark, of, level string }{
			{"示例医院", "H", "1", "03"}, {"示例卫生院", "H", "1", "10"}, {"示例诊所", "H", "1", "11"}, {"样例药房", "P", "2", ""}, {"样例康复中心", "H", "3", "11"},
		} {
			list = append(list, books.Institution{Code: fmt.Sprintf("%s%s%05d", kind.mark, region, 100+10*i+j), Name: quarter + kind.name, Type: kind.of, Level: kind.level})
		}
	}
	return list
}

// Covered is a row of the list of what is covered, as it is at some time.
type Covered struct {
	Code, Name, List, Grade, SelfPay, Form, Spec string
	Valid                                        bool
	Updated                                      time.Time
}

// listBegan is when the list begins to change: one row of it a day, in turn.
var listBegan = time.Date(2026, 1, 1, 3, 0, 0, 0, balance.Shanghai)

// CoveredAt is the list of what is covered, with names of no real product, as it is at the time. What it holds changes: a
// grade, the part that the person pays first, or whether it is on the list at all.
func CoveredAt(now time.Time) []Covered {
	list := books.Covered()
	rows := make([]Covered, 0, 300)
	for _, item := range list {
		rows = append(rows, Covered{Code: item.Code, Name: item.Name, Grade: item.Grade, List: map[byte]string{'F': "201", 'C': "301"}[item.Code[0]]})
	}
	for i, stem := range []string{"甲安", "乙宁", "丙康", "丁舒", "戊平", "己清", "庚和", "辛润", "壬通", "癸净"} {
		for j, middle := range []string{"素", "酮", "灵"} {
			for k, form := range []string{"片", "胶囊", "颗粒", "注射液", "口服液", "软膏", "滴眼液", "饮片"} {
				n := i*24 + j*8 + k
				rows = append(rows, Covered{Code: fmt.Sprintf("XYL%06d", n+1), Name: "示例" + stem + middle + form, Grade: []string{"01", "02", "02", "03"}[n%4],
					Form: form, Spec: fmt.Sprintf("%d毫克", 50*(1+n%5)), List: map[bool]string{true: "102"}[form == "饮片"]})
			}
		}
	}
	days := int(now.Sub(listBegan) / (24 * time.Hour))
	for n := range rows {
		rows[n].change(n, len(rows), days, now.Before(listBegan))
	}
	return rows
}

// change plays what the days since listBegan did to the row.
func (c *Covered) change(n, all, days int, before bool) {
	c.Valid, c.Updated, c.List = true, listBegan.AddDate(0, 0, -30), cmp.Or(c.List, "101")
	times := 0
	if !before && days >= n {
		times = 1 + (days-n)/all
		c.Updated = listBegan.AddDate(0, 0, n+(times-1)*all)
	}
	if times%2 == 1 && n >= 20 {
		switch n % 10 {
		case 3:
			c.Grade = "01"
		case 7:
			c.Valid = false
		}
	}
	c.SelfPay = map[string]string{"01": "0", "02": "0.1", "03": "1"}[c.Grade]
}

// covered is a page of that list, oldest change first.
func (a *insurerCall) covered() reply {
	since, err := time.ParseInLocation(time.DateOnly, a.asked["updt_time"], balance.Shanghai)
	if err != nil {
		since, err = time.ParseInLocation(dateTime, a.asked["updt_time"], balance.Shanghai)
	}
	page, pageErr := strconv.Atoi(a.asked["page_num"])
	size, sizeErr := strconv.Atoi(a.asked["page_size"])
	if err != nil || pageErr != nil || sizeErr != nil || page < 1 || size < 1 || size > 100 {
		return a.refuse("FSI-报文参数不合法：page_num[envBO_003]")
	}
	list := slices.DeleteFunc(CoveredAt(a.now), func(c Covered) bool {
		return c.Updated.Before(since) || !isOrAny(a.asked["hilist_code"], c.Code) || !isOrAny(a.asked["list_type"], c.List) ||
			!isOrAny(a.asked["chrgitm_lv"], c.Grade) || !strings.Contains(c.Name, a.asked["hilist_name"])
	})
	slices.SortStableFunc(list, func(a, b Covered) int { return a.Updated.Compare(b.Updated) })
	rows := []map[string]any{}
	for _, c := range list[min((page-1)*size, len(list)):min(page*size, len(list))] {
		rows = append(rows, a.coveredRow(c))
	}
	if a.fault.is("list_spoilt") {
		rows = append(rows, map[string]any{"hilist_name": []any{1}})
	}
	return a.succeed(map[string]any{"data": rows, "recordCounts": a.number(len(list)), "pageNum": a.number(page), "pageSize": a.number(size)})
}

// coveredRow has the part that the person pays first, form and strength in those regions that tell more than the national
// transaction.
func (a *insurerCall) coveredRow(c Covered) map[string]any {
	row := map[string]any{"hilist_code": c.Code, "hilist_name": c.Name, "insu_admdvs": a.region.Code, "begndate": "2024-01-01", "enddate": "9999-12-31",
		"chrgitm_lv": c.Grade, "list_type": c.List, "lmt_used_flag": "0", "vali_flag": map[bool]string{true: "1", false: "0"}[c.Valid],
		"updt_time": c.Updated.Format(dateTime)}
	if a.region.Code != RegionB {
		row["selfpay_prop"], row["dosform"], row["spec"] = c.SelfPay, c.Form, c.Spec
	}
	return row
}
