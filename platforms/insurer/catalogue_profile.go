package insurer

import "yibao/config/setting"

// Catalogues says how a region tells what is about no person: its designated institutions, and what is covered.
type Catalogues struct {
	// Institutions are the transaction 1201, or a region's own paged one.
	Institutions Catalogue `koanf:"institutions"`
	// Drugs are the transaction 1312.
	Drugs Catalogue `koanf:"drugs"`
}

// Catalogue is a list of that kind. Its begin_field asks for what has changed since a day: updt_time of 1312.
type Catalogue struct {
	Record `koanf:",squash"`
	// Node is the name of the inner node of the input, in FamilyFSI: "" is data; medinsinfo for 1201.
	Node string `koanf:"input_node"`
	// PartField is a field that must be given and takes one value at a time: fixmedins_type of 1201. Parts are the values
	// to ask for, one after the other.
	PartField string   `koanf:"part_field"`
	Parts     []string `koanf:"parts"`
	// Total leads to the number of all rows in the output, by names with dots between; "" where it is not told.
	Total string `koanf:"total"`
}

// The fields of a row, with the national spelling; "" for what no national transaction tells.
var (
	institutionFields = map[string]string{
		"code": "fixmedins_code", "name": "fixmedins_name", "type": "fixmedins_type", "level": "hosp_lv", "valid": "vali_flag",
	}
	drugFields = map[string]string{
		"code": "hilist_code", "name": "hilist_name", "list": "list_type", "grade": "chrgitm_lv", "from": "begndate", "to": "enddate",
		"valid": "vali_flag", "self_pay": "", "form": "", "spec": "",
	}
)

func (c Catalogue) check(r setting.Report, fields map[string]string) {
	if c.Transaction == "" {
		return // the region does not tell it
	}
	c.Record.check(r, "", fields)
	r.Need((c.PartField == "") == (len(c.Parts) == 0), "part_field", "and parts go together", `such as fixmedins_type and ["1", "2"]`)
	r.Need(c.Total == "" || dottedNames.MatchString(c.Total), "total", "must be names with dots between", "such as recordCounts")
	r.Need(c.End == "", "end_field", "has no use here", "leave it out")
}
