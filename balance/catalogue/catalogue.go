// Package catalogue knows what concerns everybody in a region: its designated institutions, and the drugs that the
// insurance covers, with the grade of each. Both are imported from the region's upstream into the store and searched there
// by name, code and pinyin: a search asks nobody.
//
// What an upstream does not give is "", never a guess. A drug that the region struck off stays in the store, marked so.
package catalogue

import (
	"time"

	"yibao/balance"
	"yibao/balance/records"
)

// Kind is one of the two catalogues.
type Kind string

// The kinds.
const (
	Institutions Kind = "institutions"
	Drugs        Kind = "drugs"
)

// Entry is what search needs of a drug or an institution. Region and Code are its identity.
type Entry struct {
	Region string `bson:"region"`
	Code   string `bson:"code"` // hilist_code, fixmedins_code
	Name   string `bson:"name"`
	Valid  bool   `bson:"valid"` // by vali_flag: false for one that the region struck off
	// Seen is when the import began that met the entry last; zero where each import asks for changes alone.
	Seen time.Time `bson:"seen,omitempty"`
}

// Drug is a drug on the region's list.
type Drug struct {
	Entry    `bson:",inline"`
	List     List          `bson:"list"`
	ListCode string        `bson:"list_code"` // list_type as it came
	Grade    records.Grade `bson:"grade"`
	// SelfPay is the part that the person pays first, as it came, such as "0.1" for a tenth; "" where not given.
	SelfPay string      `bson:"self_pay"`
	From    balance.Day `bson:"from"` // "" where not given
	To      balance.Day `bson:"to"`   // the last day on the list; "" for one without an end
	Form    string      `bson:"form"` // dosage form; "" where not given
	Spec    string      `bson:"spec"` // strength and pack; "" where not given
}

// List is the list that a drug stands on: list_type.
type List string

// The lists.
const (
	ListMedicine  List = "medicine"  // 101 Western and patent Chinese medicine
	ListDecoction List = "decoction" // 102 pieces for decoction
	ListInHouse   List = "in_house"  // 103 made by an institution
	ListEthnic    List = "ethnic"    // 104 medicine of a nationality
	ListGranules  List = "granules"  // 106 formula granules
	ListOther     List = "other"     // 105, and codes that are not known
)

// Institution is a designated institution.
type Institution struct {
	Entry    `bson:",inline"`
	Type     Type   `bson:"type"`
	TypeCode string `bson:"type_code"` // fixmedins_type as it came
	Level    string `bson:"level"`     // hosp_lv as it came: 02 is 三级甲等; "" where not given
}

// Type is the kind of an institution: fixmedins_type.
type Type string

// The types.
const (
	TypeMedical        Type = "medical"         // 1
	TypePharmacy       Type = "pharmacy"        // 2
	TypeRehabilitation Type = "rehabilitation"  // 3, after injuries at work
	TypeAids           Type = "aids"            // 4, assistive devices
	TypeFamilyPlanning Type = "family_planning" // 5
	TypeOther          Type = "other"
)

// levelNames are the levels of hosp_lv that public sources tell; 05 to 09 are in none.
var levelNames = map[string][2]string{
	"01": {"三级特等", "Level 3, special"}, "02": {"三级甲等", "Level 3A"}, "03": {"三级乙等", "Level 3B"}, "04": {"三级丙等", "Level 3C"},
	"10": {"一级丙等", "Level 1C"}, "11": {"未定级", "No level"},
}

// LevelName names a level for citizens, in "zh" or "en"; "" for one that no source tells.
func LevelName(level, language string) string {
	if language == "en" {
		return levelNames[level][1]
	}
	return levelNames[level][0]
}
