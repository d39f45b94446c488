package books

// Institution is a designated institution.
type Institution struct {
	Code  string // fixmedins_code: H or P, region, five digits
	Name  string
	Type  string // fixmedins_type: 1 medical, 2 pharmacy
	Level string // hosp_lv; "" for pharmacies
}

// Institutions are the designated institutions of a region.
func Institutions(region string) []Institution {
	area := map[string]string{"990100": "甲市", "990200": "乙市", "990300": "丙市"}[region]
	return []Institution{
		{"H" + region + "00001", area + "示例第一人民医院", "1", "02"},
		{"H" + region + "00002", area + "示例中医医院", "1", "03"},
		{"H" + region + "00003", area + "示例社区卫生服务中心", "1", "10"},
		{"P" + region + "00001", area + "示例大药房中心店", "2", ""},
		{"P" + region + "00002", area + "示例大药房城东店", "2", ""},
		{"P" + region + "00003", area + "样例连锁药店", "2", ""},
	}
}

// elsewhere is a hospital of another province.
var elsewhere = Institution{"H99030000001", "外省示例医院", "1", "02"}

// items are what bills are made of; their names are of no real product.
var items = map[string][]Line{
	medPharmacy: {
		{Name: "示例感冒灵颗粒", Code: "ZSL00001", Grade: "02"}, {Name: "示例降压片", Code: "XSL00002", Grade: "01"},
		{Name: "示例维生素片", Code: "XSL00003", Grade: "03"},
	},
	medOutpatient: {
		{Name: "普通门诊诊查费", Code: "FSL00001", Grade: "01"}, {Name: "示例血常规检查", Code: "FSL00002", Grade: "01"},
		{Name: "示例胶囊", Code: "XSL00004", Grade: "02"},
	},
	medInpatient: {
		{Name: "床位费", Code: "FSL00003", Grade: "01"}, {Name: "示例手术费", Code: "FSL00004", Grade: "01"},
		{Name: "示例注射液", Code: "XSL00005", Grade: "02"}, {Name: "示例医用材料", Code: "CSL00001", Grade: "03"},
	},
}
