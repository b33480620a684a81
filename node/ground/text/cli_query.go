package text

// Sentences of the verbs that query and verify data.
const (
	CLIShortQuery      Code = "cli.short.query"
	CLIQueryRows       Code = "cli.query.rows"
	CLIQueryMore       Code = "cli.query.more"
	CLIQueryGranted    Code = "cli.query.granted"
	CLIQueryUnder      Code = "cli.query.under"
	CLIQueryLeftOut    Code = "cli.query.left-out"
	CLIQueryUnreadable Code = "cli.query.unreadable"
	CLIVerifyYes       Code = "cli.verify.yes"
	CLIVerifyNo        Code = "cli.verify.no"
	CLIVerifyNone      Code = "cli.verify.none"
	CLILongQuery       Code = "cli.long-query"
	CLIFlagKey         Code = "cli.flag-key"
	CLIFlagWhere       Code = "cli.flag-where"
	CLIFlagFilter      Code = "cli.flag-filter"
	CLIFlagFields      Code = "cli.flag-fields"
	CLIFlagLimit       Code = "cli.flag-limit"
	CLIFlagCursor      Code = "cli.flag-cursor"
	CLIFlagCount       Code = "cli.flag-count"
	CLIFlagVerify      Code = "cli.flag-verify"
	CLIFlagPurpose     Code = "cli.flag-purpose"
	CLIFlagBasis       Code = "cli.flag-basis"
	CLIFlagScenario    Code = "cli.flag-scenario"
	CLIFlagScope       Code = "cli.flag-scope"
	CLIFlagMethod      Code = "cli.flag-method"
	CLIFlagUntil       Code = "cli.flag-until"
	CLINotTogether     Code = "cli.not-together"
	CLINeedsMeasure    Code = "cli.needs-measure"
	CLIAskBelow        Code = "cli.ask-below"
	CLIAskMany         Code = "cli.ask-many"
	CLINoField         Code = "cli.no-field"
	CLITwoAtMost       Code = "cli.two-at-most"
	CLIFieldSpaces     Code = "cli.field-spaces"
	CLIFieldValue      Code = "cli.field-value"
	CLIFieldTwice      Code = "cli.field-twice"
	CLIAccess          Code = "cli.access"
)

var querySentences = []sentence{
	{CLIShortQuery, "查询数据", "Query data"},
	{CLIQueryRows, "查得 {count} 条，使用记录见存证条目 {access}", "rows: {count}; the access is entry {access}"},
	{
		CLIQueryLeftOut,
		"所查 {of} 条记录中，有 {count} 条无法比较（没有值、类型不符或计算量过大），未计入结果",
		"{count} of {of}: these records could not be compared (no value, another type, or too much work), and are not in the answer",
	},
	{
		CLIQueryUnreadable,
		"所查 {of} 条记录中，有 {count} 条已损坏、无法读取，未计入结果，请告知数据提供方",
		"{count} of {of}: these records are damaged at the provider, and not in the answer; tell the provider",
	},
	{CLIQueryUnder, "依据的共享权限 {grant} 仍到 {until} 为止", "under grant {grant}, which goes until {until} as before"},
	{CLIQueryMore, "尚有后续记录：加 --all 全部取回，或者加 --cursor {cursor} 续查", "there are more: add --all to get all of them, or --cursor {cursor}"},
	{CLIQueryGranted, "已按规则取得共享权限 {grant}，有效期至 {until}", "granted by rule: {grant}, until {until}"},
	{CLIVerifyYes, "相符", "yes"},
	{CLIVerifyNo, "不符", "no"},
	{CLIVerifyNone, "没有该记录", "no such record"},
	{
		CLILongQuery,
		"查询数据资源的记录。每次查询都记入存证账本。加 --verify 时只问一项数据是否相符，不返回数据。\n值在数据规范中为数值或真假值的按其类型比较，其余按文本比较。",
		"Ask for records of a dataset. Every query is recorded in the ledger. With --verify, only whether a field has a value\nis asked, and no data are returned. A value is compared as a number or truth value if the schema says that the field\nis one, and as text otherwise.",
	},
	{CLIFlagKey, "主键 `KEY`", "the record's `KEY`"},
	{CLIFlagWhere, "数据项等于给定值：`FIELD=VALUE`，可多次使用", "the field has the value: `FIELD=VALUE`; may be repeated"},
	{CLIFlagFilter, "筛选条件 `CEL`", "a filter, `CEL`"},
	{CLIFlagFields, "只返回数据项 `A,B`", "return only the fields `A,B`"},
	{CLIFlagLimit, "最多返回 `N` 条（默认由节点决定）", "return at most `N` rows (default: the node decides)"},
	{CLIFlagCursor, "从上一页给出的 `CURSOR` 继续", "go on at the `CURSOR` that the page before gave"},
	{CLIFlagCount, "只返回条数", "return only the number of records"},
	{
		CLIFlagVerify,
		"核验数据项是否为给定值：`FIELD=VALUE`，须同时给出 --key",
		"ask whether the field has the value: `FIELD=VALUE`; needs --key",
	},
	{CLIFlagPurpose, "使用用途编码 `CODE`，须为目录所列", "the `CODE` of a purpose that the catalogue lists"},
	{CLIFlagBasis, "使用依据 `TEXT`", "the law or duty that the use rests on, `TEXT`"},
	{CLIFlagScenario, "应用场景 `TEXT`", "the business it is for, `TEXT`"},
	{CLIFlagScope, "使用范围 `TEXT`", "whose data and how much, `TEXT`"},
	{CLIFlagMethod, "使用方式 `TEXT`", "how the data are to be used, `TEXT`"},
	{
		CLIFlagUntil,
		"使用期限 `TIME`：日期（按本节点的时区，当日包括在内），或带时区的时间",
		"the end of the use, `TIME`: a day, included, of the zone of the node, or a time with its zone",
	},
	{CLIAskBelow, "数据在其下级的，请改用 --at '**.{name}' 查询全部下级", "where the places below it have the data, ask all of them with --at '**.{name}'"},
	{CLIAskMany, "--at 只写一处；查询多处的，请写 --at '**.NAME'（其全部下级）或 '*.NAME'（其直接下级）",
		"--at names one place; many are asked with --at '**.NAME' (all places below it) or '*.NAME' (those directly below it)"},
	{
		CLINeedsMeasure,
		"选项 {flag} 须与 --count、--sum、--average、--minimum、--maximum 之一同时使用",
		"the flag {flag} goes with one of --count, --sum, --average, --minimum and --maximum",
	},
	{CLINoField, "选项 {flag} 没有写明数据项", "the flag {flag} names no field"},
	{CLITwoAtMost, "选项 {flag} 最多写两项", "the flag {flag} takes two at most"},
	{CLINotTogether, "选项 {flag} 与 {other} 不能同时使用", "the flags {flag} and {other} do not go together"},
	{
		CLIFieldValue,
		"选项 {flag} 的值应为 FIELD=VALUE，而不是“{value}”",
		"the flag {flag} takes FIELD=VALUE, not \"{value}\"",
	},
	{
		CLIFieldSpaces,
		"选项 {flag} 的值首尾有空格（“{value}”），这样的值一般不会与任何记录相符；请写作“{want}”",
		"the value in {flag} has spaces around it (\"{value}\"), and would match nothing; write \"{want}\"",
	},
	{CLIFieldTwice, "选项 {flag} 两次给出数据项 {field}", "the flag {flag} names the field {field} twice"},
	{CLIAccess, "使用记录见存证条目 {access}", "the access is entry {access}"},
}
