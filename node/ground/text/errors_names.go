package text

import "net/http"

// Codes of problems with what people call a place.
const (
	JurisdictionAmbiguous Code = "jurisdiction-ambiguous"
	ChildElsewhere        Code = "child-elsewhere"
	NeverInvited          Code = "never-invited"
	OwnJurisdiction       Code = "own-jurisdiction"
	OneJurisdiction       Code = "one-jurisdiction"
)

var namesProblems = []problem{
	{
		number: 350, code: JurisdictionAmbiguous, status: http.StatusConflict, params: []string{"name", "count", "near"},
		zh: parts{"名称指向多个行政区划", "“{name}”可指 {count} 个行政区划：{near}", "行政区划“{name}”",
			"请写明是哪一个：写代码、完整名称，或者连同上级一起写，上级在前"},
		en: parts{"Name of several jurisdictions", "\"{name}\" may be any of {count}: {near}", "jurisdiction \"{name}\"",
			"say which one: by its code, its whole name, or together with the place above it, which comes first"},
	},
	{
		number: 351, code: ChildElsewhere, status: http.StatusConflict, params: []string{"name", "parent", "jurisdiction"},
		zh: parts{"不是本方的直接下级", "{name}是{parent}的下级，由{parent}背书，{jurisdiction}无权撤回", "{jurisdiction}", "请由{parent}办理"},
		en: parts{"Not a child of this jurisdiction", "{name} is a child of {parent}, which vouches for it; {jurisdiction} does not", "{jurisdiction}",
			"have {parent} do it"},
	},
	{
		number: 352, code: NeverInvited, status: http.StatusNotFound, params: []string{"name", "jurisdiction"},
		zh: parts{"从未邀请", "{jurisdiction}从未邀请{name}加入，没有可以撤回的背书", "{jurisdiction}", "无须办理；要请它加入的，执行 xietong invite {name}"},
		en: parts{"Never invited", "{jurisdiction} never invited {name}, so there is nothing to withdraw", "{jurisdiction}",
			"nothing needs doing; to have it join, run `xietong invite {name}`"},
	},
	{
		number: 353, code: OwnJurisdiction, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"这是本方自己", "{name}就是本方，不能对自己办理", "{name}", "请写另一个行政区划；可用的名称见 xietong tree"},
		en: parts{"This jurisdiction itself", "{name} is this jurisdiction itself, which cannot be the object of this", "{name}",
			"name another one; `xietong tree` shows the neighbours"},
	},
	{
		number: 354, code: OneJurisdiction, status: http.StatusBadRequest, params: []string{"selector"},
		zh: parts{"一次只能问一个行政区划", "{selector} 指多个行政区划，这项操作一次只能问一个", "选项 --at",
			"请写一个行政区划的名称或代码；对多个行政区划可以统计，也可以逐个取记录（xietong query 的 --at）"},
		en: parts{"One jurisdiction at a time", "{selector} are several jurisdictions, and this asks one at a time", "the flag --at",
			"write the name or code of one; of several, records and totals can be asked for with the --at of xietong query"},
	},
}
