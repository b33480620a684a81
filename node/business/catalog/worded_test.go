package catalog

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"xietong/certs/identity"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// TestReasonsAreWorded: whatever may be wrong with an entry is told to a Chinese reader in Chinese,
// with no word of a library beside what stands in the file itself.
func TestReasonsAreWorded(t *testing.T) {
	schema := func(s string) func(*Entry) { return func(e *Entry) { e.Schema = json.RawMessage(s) } }
	for want, edit := range map[string]func(*Entry){
		"主键“号”须是规范中类型为 string 或 integer 的数据项": func(e *Entry) { e.Key = "号" },
		"数据规范中没有用于分组的数据项 无":                   func(e *Entry) { e.GroupBy, e.Counts = []string{"无"}, []identity.Label{label(t, "check")} },
		"用于分组的数据项“name”写了两次": func(e *Entry) {
			e.GroupBy, e.Counts = []string{"name", "name"}, []identity.Label{label(t, "check")}
		},
		"须写明编码（code）":                                       func(e *Entry) { e.Code = identity.Label{} },
		"须写明提供部门（agency）":                                   func(e *Entry) { e.Agency = identity.Label{} },
		"须写明主键（key），即用来区分":                                  func(e *Entry) { e.Key = "" },
		"索引的数据项（indexed）不超过 16 个":                           func(e *Entry) { e.Indexed = make([]string, MaxIndexed+1) },
		"counts 中只能写已列出的用途：check":                           func(e *Entry) { e.Counts = []identity.Label{label(t, "other")} },
		"没有写明数据项“age”可作哪些统计":                                func(e *Entry) { e.Measures = policy.Measures{"age": {}} },
		"数据项“age”的统计“median”不能采用：":                          func(e *Entry) { e.Measures = policy.Measures{"age": {"median"}} },
		"数据项“age”的统计“sum”不能采用：":                             func(e *Entry) { e.Measures = policy.Measures{"age": {"sum", "sum"}} },
		"数据规范中没有可统计的数字数据项 name":                             func(e *Entry) { e.Measures = policy.Measures{"name": {"sum"}} },
		"分组最小记录数（smallest_cell）应为 0 至":                      func(e *Entry) { e.SmallestCell = -1 },
		"索引的数据项“name”写了两次":                                  func(e *Entry) { e.Indexed = []string{"name", "name"} },
		"数据规范须在 properties 中列出 1 至":                         schema(`{"type":"object"}`),
		"“/properties/age/type”的写法不符，应为以下之一：array、boolean、": schema(`{"properties":{"code":{"type":"string"},"age":{"type":"numbr"}}}`),
		"“/properties/age/minimum”的写法不符，应为数字":               schema(`{"properties":{"code":{"type":"string"},"age":{"type":"number","minimum":"5"}}}`),
		"“/required”的写法不符，应为列表":                             schema(`{"properties":{"code":{"type":"string"}},"required":"code"}`),
	} {
		e := Entry{
			Code: label(t, "d"), Agency: label(t, "a"), Title: "物", Category: "unconditional", Purposes: []Purpose{{label(t, "check"), "核验"}}, Key: "code", NotSecret: true,
			Schema: json.RawMessage(`{"properties":{"code":{"type":"string"},"name":{"type":"string"},"age":{"type":"integer"}}}`),
		}
		edit(&e)
		err := e.Validate()
		if err == nil {
			_, err = e.schema()
		}
		if err == nil {
			t.Errorf("%s: got no error", want)
			continue
		}
		f := text.AsFailure(Invalid("d", err))
		told := text.Explain(text.Zh, f.Code, f.Args).What
		english := strings.ContainsFunc(told, unicode.IsSpace) && strings.Contains(told, " of ")
		if !strings.Contains(told, want) || english {
			t.Errorf("got %q, want %q", told, want)
		}
	}
}
