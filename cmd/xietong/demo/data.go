package demo

import (
	"bytes"
	_ "embed" // the data are part of the binary
	"encoding/json"
	"strings"

	"xietong/node/client"
)

// The real data, with their sources and licences in data/README.md.
var (
	//go:embed data/guizhou-townships.csv
	allTownships []byte
	//go:embed data/guizhou-villages.csv
	allVillages []byte
)

const county = "520102" // 南明区

// ofCounty returns a CSV's header and the rows whose last column or third column is the county.
func ofCounty(file []byte, column int) string {
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	kept := lines[:1:1]
	for _, line := range lines[1:] {
		if cells := strings.Split(strings.TrimSpace(line), ","); cells[column] == county {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

// rowsOf counts the rows of a CSV that has a header and no quoted line ends.
func rowsOf(file []byte) uint64 { return uint64(bytes.Count(bytes.TrimSpace(file), []byte("\n"))) }

const (
	provider = "civil-affairs"
	consumer = "water"
)

// agencies are two departments that every county has.
var agencies = []client.NewAgency{
	{Code: provider, Title: "南明区民政局"},
	{Code: consumer, Title: "南明区水务管理局"},
}

var purposes = []client.Purpose{{Code: "residence-check", Title: "居住地核验"}, {Code: "statistics", Title: "统计"}}

const divisionSchema = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{9}([0-9]{3})?$","title":"区划代码"},
	"name":{"type":"string","minLength":1,"title":"名称"},
	"township":{"type":"string","title":"所属乡镇（街道）"},
	"county":{"type":"string","title":"所属县"},
	"prefecture":{"type":"string","title":"所属市州"}}}`

func division(code, title string, indexed ...string) client.NewDataset {
	return client.NewDataset{
		Code: code, Title: title, Agency: provider, Category: client.Unconditional, Purposes: purposes,
		Schema: json.RawMessage(divisionSchema), Key: "code", Indexed: indexed, NotSecret: true, UpdateCycle: "yearly",
	}
}

// offered are the datasets of the demo; the last one may not be shared.
var offered = []client.NewDataset{
	division("townships", "乡镇（街道）名录", "county"),
	division("villages", "村（居）委会名录", "township"),
	division("villages-guizhou", "全省村（居）委会名录", "township", "county"),
	{
		Code: "adoptions", Title: "收养登记信息", Agency: provider, Category: client.NotShared,
		Citation: "《民法典》第一千一百一十条", Purposes: purposes,
		Schema: json.RawMessage(`{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`), Key: "id", NotSecret: true,
	},
}

// use is what the consumer says of its use when it asks for the first time.
func use(purpose string) client.Use {
	return client.Use{
		Purpose: purpose, Basis: "《贵州省供水条例》", Scenario: "供水报装", Scope: "南明区", Method: "query", Until: "2028-12-31T23:59:59+08:00",
	}
}
