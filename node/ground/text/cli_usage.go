package text

// Sentences of the verbs about what was used and asked.
const (
	CLIShortUse        Code = "cli.short.use"
	CLIShortUseList    Code = "cli.short.use-list"
	CLILongUseList     Code = "cli.long.use-list"
	CLIShortUseCount   Code = "cli.short.use-count"
	CLIFlagOfDataset   Code = "cli.flag.of-dataset"
	CLIFlagOfPlace     Code = "cli.flag.of-place"
	CLIFlagOfAgency    Code = "cli.flag.of-agency"
	CLIFlagOfPurpose   Code = "cli.flag.of-purpose"
	CLIFlagSince       Code = "cli.flag.from-time"
	CLIFlagTo          Code = "cli.flag.to-time"
	CLIFlagFromMonth   Code = "cli.flag.from-month"
	CLIFlagToMonth     Code = "cli.flag.to-month"
	CLIFlagCountBy     Code = "cli.flag.count-by"
	CLIFlagPage        Code = "cli.flag.page"
	CLIFlagAllPages    Code = "cli.flag.all-pages"
	CLIListSince       Code = "cli.list.since"
	CLIListBefore      Code = "cli.list.before"
	CLIListMore        Code = "cli.list.more"
	CLIListMonths      Code = "cli.list.months"
	CLITimeZoned       Code = "cli.list.time"
	CLIOperation       Code = "cli.list.operation"
	CLIRowsTold        Code = "cli.list.rows"
	CLIMonth           Code = "cli.list.month"
	CLITimes           Code = "cli.list.times"
	CLITimesRefused    Code = "cli.list.times-refused"
	CLIShortAsked      Code = "cli.short.asked"
	CLIShortAskedList  Code = "cli.short.asked-list"
	CLILongAskedList   Code = "cli.long.asked-list"
	CLIShortAskedCount Code = "cli.short.asked-count"
	CLIFlagAskedAt     Code = "cli.flag.asked-at"
	CLIFlagAskedBy     Code = "cli.flag.asked-by"
	CLIAskedAt         Code = "cli.asked.at"
	CLIAskedThere      Code = "cli.asked.there"
	CLIOutcomeWord     Code = "cli.asked.outcome"
	CLIOutcomeAnswered Code = "cli.asked.answered"
	CLIGrantElsewhere  Code = "cli.grant.elsewhere"
	CLIGrantHeard      Code = "cli.grant.heard"
	CLIUseRefused      Code = "cli.use.refused"
	CLIUseUnfinished   Code = "cli.use.unfinished"
	CLIUseErased       Code = "cli.use.erased"
	CLIUseUnreadable   Code = "cli.use.unreadable"
	CLIUseOwn          Code = "cli.use.own"
	OperationLookup    Code = "operation.lookup"
	OperationSearch    Code = "operation.search"
	OperationVerify    Code = "operation.verify"
	OperationReceipt   Code = "operation.receipt"
	OperationPlan      Code = "operation.plan"
	OperationCheck     Code = "operation.check"
	OperationCount     Code = "operation.count"
	OperationQuery     Code = "operation.query"
	OperationFederated Code = "operation.federated"
)

var usageSentences = []sentence{
	{CLIShortUse, "谁用过本部门的数据", "Who used your data"},
	{CLIShortUseList, "列出使用记录，最近的在前", "List the uses, the newest first"},
	{
		CLILongUseList,
		"列出使用记录：谁、何时、以何用途、凭哪项共享权限、以何方式、多少条。不列查询条件、标识值和数据内容。\n" +
			"提供部门看到本部门数据资源的使用记录（--as）；管理员（不加 --as）看到全部。读取后未予答复的也在其中，注明理由。\n" +
			"每条记录都可用 xietong ledger receipt 取得存证凭证",
		"List the uses: who, when, what for, under which grant, by which operation, how many records. It never tells what was asked or\n" +
			"answered. A provider (--as) sees the uses of its own datasets, an administrator (without --as) those of all. What was refused\n" +
			"after records had been read is listed as such. `xietong ledger receipt` gives the receipt of each",
	},
	{CLIShortUseCount, "按月统计使用次数", "Count the uses by month"},
	{CLIFlagOfDataset, "只列数据资源 `CODE`", "of the dataset `CODE` alone"},
	{CLIFlagOfPlace, "只列需求部门属于行政区划 `NAME` 的", "by agencies of the jurisdiction `NAME` alone"},
	{CLIFlagOfAgency, "只列部门编码为 `CODE` 的；同一编码在不同行政区划是不同部门，可加 --jurisdiction", "by agencies with the code `CODE` alone; add --jurisdiction, as two jurisdictions have agencies of one code"},
	{CLIFlagOfPurpose, "只列用途 `CODE`", "for the purpose `CODE` alone"},
	{CLIFlagSince, "从 `TIME` 起：月份（2026-10）、日期（2026-10-31），均按本节点的时区，或带时区的时间", "from `TIME` on: a month (2026-10) or a day (2026-10-31), both of the zone of the node, or a time with its own"},
	{CLIFlagTo, "到 `TIME` 止：月份、日期包括在内；带时区的时间不包括在内", "up to `TIME`: a month or a day is included, a time with its zone is not"},
	{CLIFlagFromMonth, "从月份 `MONTH` 起，如 2026-10（北京时间，+08:00）", "from `MONTH` on, such as 2026-10 (of +08:00)"},
	{CLIFlagToMonth, "到月份 `MONTH` 止，包括在内", "up to `MONTH`, included"},
	{CLIFlagCountBy, "分别统计：`WAY` 为 month（只按月）、dataset（按数据资源）或 agency（按部门）", "count apart by `WAY`: month (months alone), dataset, or agency"},
	{CLIFlagPage, "每页 `N` 条，1 至 200", "`N` rows a page, 1 to 200"},
	{CLIFlagAllPages, "取回全部各页；与 --out 合用时，中断后再次执行同一命令即继续", "get all pages; with --out the same command goes on after an interruption"},
	{CLIListSince, "自 {at} 起", "from {at} on"},
	{CLIListBefore, "至 {at} 之前", "before {at}"},
	{CLIListMore, "尚有后续，续查请用相同条件并加 --cursor {cursor}", "there are more: add --cursor {cursor} to the same conditions"},
	{CLIListMonths, "月份按北京时间（+08:00）", "months are those of +08:00"},
	{CLITimeZoned, "时间", "time"},
	{CLIOperation, "方式", "operation"},
	{CLIRowsTold, "条数", "records"},
	{CLIMonth, "月份", "month"},
	{CLITimes, "次数", "times"},
	{CLITimesRefused, "未予答复", "refused"},
	{CLIShortAsked, "本部门查询过哪些外部数据", "What your agency asked elsewhere"},
	{CLIShortAskedList, "列出查询留痕，最近的在前", "List the questions, the newest first"},
	{
		CLILongAskedList,
		"列出向其他行政区划的查询：何时、由哪个部门、向谁、哪项数据、以何用途、结果如何、多少条、双方的存证条目。\n" +
			"部门看到自己的（--as），管理员（不加 --as）看到全部。没有得到任何答复的查询不留痕，不在其中",
		"List the questions to other jurisdictions: when, by which agency, to whom, about which data, what for, with what outcome, how\n" +
			"many records, and the entries of both. An agency sees its own (--as), an administrator (without --as) all. A question that got\n" +
			"no answer at all is not recorded, and not listed",
	},
	{CLIShortAskedCount, "按月统计查询次数", "Count the questions by month"},
	{CLIFlagAskedAt, "只列向行政区划 `NAME` 的查询", "to the jurisdiction `NAME` alone"},
	{CLIFlagAskedBy, "只列部门 `CODE` 的查询", "by the agency `CODE` alone"},
	{CLIAskedAt, "查询对象", "asked"},
	{CLIAskedThere, "对方条目", "entry there"},
	{CLIOutcomeWord, "结果", "outcome"},
	{CLIOutcomeAnswered, "已答复", "answered"},
	{CLIGrantElsewhere, "有“{word}”时间的，是在其他行政区划持有的共享权限，所列为当时所知；此后有无变动，须由对方告知", "grants with a time of \"{word}\" are held at other jurisdictions, and what is told of them was heard then; what changed since, only they can tell"},
	{CLIGrantHeard, "最近得知", "last heard"},
	{CLIUseUnfinished, "未统计完，未告知内容", "unfinished, nothing told"},
	{CLIUseRefused, "未予答复：{why}", "refused: {why}"},
	{CLIUseErased, "内容已删除", "payload erased"},
	{CLIUseUnreadable, "内容已损坏", "payload damaged"},
	{CLIUseOwn, "（本部门使用）", "(own use)"},
	{OperationLookup, "按标识查询", "lookup"},
	{OperationSearch, "按条件查询", "search"},
	{OperationVerify, "核验", "verify"},
	{OperationReceipt, "随凭证读取", "receipt"},
	{OperationPlan, "发布前核对", "plan of a publication"},
	{OperationCheck, "导入前核对", "check of a file"},
	{OperationCount, "计数", "count"},
	{OperationQuery, "查询", "query"},
	{OperationFederated, "分级查询", "federated query"},
}
