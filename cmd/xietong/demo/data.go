package demo

import (
	"bytes"
	_ "embed" // the data are part of the binary
	"encoding/json"
	"strconv"
	"strings"
	"sync"

	"xietong/node/faces/client"
)

// The real data, with their sources and licences in data/README.md.
var (
	//go:embed data/guizhou-townships.csv
	allTownships []byte
	//go:embed data/guizhou-villages.csv
	allVillages []byte
)

// The rows of each county, by its code.
var (
	townshipsOf = sync.OnceValue(func() map[string]string { return parted(allTownships, countyOfTownship) })
	villagesOf  = sync.OnceValue(func() map[string]string { return parted(allVillages, countyOfVillage) })
)

// parted splits a CSV by the cell in the column. Each part is a CSV with the header.
func parted(file []byte, column int) map[string]string {
	header, rows, _ := strings.Cut(string(bytes.TrimSpace(file))+"\n", "\n")
	parts := map[string]string{}
	for line := range strings.Lines(rows) {
		code := strings.Split(strings.TrimSpace(line), ",")[column]
		if parts[code] == "" {
			parts[code] = header + "\n"
		}
		parts[code] += line
	}
	return parts
}

// The columns that say where a row belongs.
const (
	countyOfTownship = 2
	countyOfVillage  = 3
)

// rowsOf counts the rows of a CSV that has a header and no quoted line ends.
func rowsOf(file []byte) uint64 { return uint64(bytes.Count(bytes.TrimSpace(file), []byte("\n"))) }

const (
	provider = "civil-affairs"
	consumer = "water"
)

// agencies returns the two departments that every place has.
func agencies(p *place) []client.NewAgency {
	return []client.NewAgency{{Code: provider, Title: p.title + "民政局"}, {Code: consumer, Title: p.title + "水务局"}}
}

var purposes = []client.Purpose{{Code: "residence-check", Title: "居住地核验"}, {Code: "statistics", Title: "统计"}}

const divisionSchema = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$","title":"区划代码"},
	"name":{"type":"string","minLength":1,"title":"名称"},
	"township":{"type":"string","title":"所属乡镇（街道）"},
	"county":{"type":"string","title":"所属县"},
	"prefecture":{"type":"string","title":"所属市州"},
	"city":{"type":"string","title":"上级"}}}`

func division(code, title string, indexed ...string) client.NewDataset {
	return client.NewDataset{
		Code: code, Title: title, Agency: provider, Category: client.Unconditional, Purposes: purposes,
		Schema: json.RawMessage(divisionSchema), Key: "code", Indexed: indexed, NotSecret: true, UpdateCycle: "yearly",
	}
}

// standards returns the standard entries that the province publishes for its counties.
func (s *stage) standards() (all []client.NewStandard) {
	datasets := []client.NewDataset{division("places", "行政区划登记", "city")}
	if s.villages {
		datasets = []client.NewDataset{division("townships", "乡镇（街道）名录", "county"), division("villages", "村（居）委会名录", "township")}
	}
	for _, d := range datasets {
		d.Counts, d.GroupBy = []string{"statistics"}, d.Indexed
		all = append(all, client.NewStandard{NewDataset: d, Level: "county"})
	}
	return all
}

// offer is a dataset with the rows that are imported into it.
type offer struct {
	dataset client.NewDataset
	rows    string // CSV
}

// offers returns the datasets that a county publishes: its townships and villages or, where the
// data have none, itself, by the standard entries, and one dataset that may not be shared.
func (s *stage) offers(p *place) []offer {
	withheld := offer{dataset: client.NewDataset{
		Code: "adoptions", Title: "收养登记信息", Agency: provider, Category: client.NotShared,
		Citation: "《民法典》第一千一百一十条", Purposes: purposes,
		Schema: json.RawMessage(`{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`), Key: "id", NotSecret: true,
	}}
	if !s.villages {
		return []offer{{client.NewDataset{Code: "places"}, s.rowOf(p.code)}, withheld}
	}
	return []offer{
		{client.NewDataset{Code: "townships"}, townshipsOf()[p.code]},
		{client.NewDataset{Code: "villages"}, villagesOf()[p.code]},
		withheld,
	}
}

// use returns the use that the consumer states when it asks for the first time.
func use(purpose, scope string) client.Use {
	return client.Use{
		Purpose: purpose, Basis: "《城市供水条例》", Scenario: "供水报装", Scope: scope, Method: "query", Until: "2028-12-31T23:59:59+08:00",
	}
}

// count writes a number as every other command does (U-C29): without marks between the thousands.
func count(n uint64) string { return strconv.FormatUint(n, 10) }

// recordsOf returns how many records a county has in the dataset that the steps ask.
func (s *stage) recordsOf(p *place) uint64 {
	for _, o := range s.offers(p) {
		if o.dataset.Code == s.dataset() {
			return rowsOf([]byte(o.rows))
		}
	}
	return 0
}
