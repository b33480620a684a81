package text

// Sentences of the verbs about grants.
const (
	CLIShortGrant         Code = "cli.short.grant"
	CLIGrantRevoked       Code = "cli.grant.revoked"
	CLIGrantRevokedBefore Code = "cli.grant.revoked-before"
	CLIGrantGiven         Code = "cli.grant.given"
	CLIGrantSame          Code = "cli.grant.same"
	CLIGrantRenewed       Code = "cli.grant.renewed"
	CLIGrantUnchecked     Code = "cli.grant.unchecked"
	CLIShortGrantList     Code = "cli.short-grant-list"
	CLIShortGrantGive     Code = "cli.short-grant-give"
	CLIShortGrantRenew    Code = "cli.short-grant-renew"
	CLIShortGrantRevoke   Code = "cli.short-grant-revoke"
	CLILongGrantList      Code = "cli.long-grant-list"
	CLILongGrantGive      Code = "cli.long-grant-give"
	CLILongGrantRenew     Code = "cli.long-grant-renew"
	CLILongGrantRevoke    Code = "cli.long-grant-revoke"
	CLIGrant              Code = "cli.grant"
	CLIGrantHow           Code = "cli.grant.how"
	CLIGrantPaper         Code = "cli.grant.paper"
	CLIGrantByHand        Code = "cli.grant.by-hand"
	CLIGrantByRule        Code = "cli.grant.by-rule"
	CLIGrantStanding      Code = "cli.grant.standing"
	CLIFlagGrantDataset   Code = "cli.flag-grant-dataset"
	CLIFlagGrantConsumer  Code = "cli.flag-grant-consumer"
	CLIFlagGrantState     Code = "cli.flag-grant-state"
	CLIFlagGrantFields    Code = "cli.flag-grant-fields"
	CLIFlagMeasures       Code = "cli.flag-measures"
	CLIFlagGrantBasis     Code = "cli.flag-grant-basis"
	CLIFlagGrantPaper     Code = "cli.flag-grant-paper"
)

var grantSentences = []sentence{
	{CLIShortGrant, "查看、授予、续期和撤销共享权限", "List, give, renew and revoke grants"},
	{CLIGrantRevokedBefore, "没有变化：共享权限 {grant} 此前已由条目 {entry} 撤销，理由为“{reason}”；本次的理由没有记入账本", "nothing changed: grant {grant} was revoked before, by entry {entry}, for the reason “{reason}”; the reason that you give now is not recorded"},
	{CLIGrantRevoked, "已撤销共享权限 {grant}，存证条目 {entry}", "revoked grant {grant}, entry {entry}"},
	{
		CLIGrantGiven,
		"已授予 {consumer} 共享权限 {grant}，有效期至 {until}；无须另行送达，对方下次查询即可使用",
		"gave {consumer} the grant {grant}, until {until}; nothing need be sent: its next query finds it",
	},
	{CLIGrantSame, "没有变化：{consumer} 早已有同样的共享权限 {grant}，有效期至 {until}", "unchanged: {consumer} has the same grant already, {grant}, until {until}"},
	{CLIGrantRenewed, "它代替 {renews}", "it counts in place of {renews}"},
	{
		CLIGrantUnchecked,
		"注意：{why}，尚未核实对方有无该部门；对方没有登记该部门的，此权限无人能用",
		"note: {why}, so nobody knows yet whether it has such an agency; unless it has, nobody can use the grant",
	},
	{CLIShortGrantList, "列出共享权限", "List the grants"},
	{CLIShortGrantGive, "人工授予共享权限", "Give a grant by hand"},
	{CLIShortGrantRenew, "人工续期共享权限", "Renew a grant by hand"},
	{CLIShortGrantRevoke, "撤销共享权限", "Revoke a grant"},
	{
		CLILongGrantList,
		"列出本部门授予和持有的共享权限，先到期的在前，逐页给出；之后是在别处持有的。",
		"List the grants that the agency gave or holds, in pages, those that end soonest first; then those that it holds elsewhere.",
	},
	{
		CLILongGrantGive,
		"由提供部门人工授予共享权限，写明依据和文号。CONSUMER 为需求部门编码；其他行政区划的部门写作 编码@行政区划。\n同一用途已有共享权限的，由新的代替，但期限不得缩短、范围不得缩小；要缩短或者缩小的，先行撤销。",
		"Give a grant by hand, as the agency that provides the dataset, with its basis and paper. CONSUMER is the code of an agency; one\nof another jurisdiction is CODE@JURISDICTION. It counts in place of a grant for the same purpose, from which it takes nothing\naway: to end one earlier, or give less, revoke first.",
	},
	{
		CLILongGrantRenew,
		"由提供部门人工续期，其他内容不变；已到期的也可以续期，已撤销的须另行授予。GRANT 为共享权限的条目序号或完整名称。",
		"Give a grant a later end, with all that it gives, also after its end; for a revoked one give another. GRANT is the index or the\nwhole name of its entry.",
	},
	{
		CLILongGrantRevoke,
		"撤销共享权限。GRANT 为共享权限的条目序号或完整名称。",
		"Revoke a grant. GRANT is the index or the whole name of its entry.",
	},
	{CLIGrant, "共享权限", "grant"},
	{CLIGrantHow, "授予方式", "given"},
	{CLIGrantPaper, "文号", "paper"},
	{CLIGrantByHand, "人工", "by hand"},
	{CLIGrantByRule, "按规则", "by rule"},
	{CLIGrantStanding, "依标准目录", "by standard"},
	{CLIFlagGrantDataset, "只列数据资源 `CODE` 的", "only those of the dataset `CODE`"},
	{CLIFlagGrantConsumer, "只列需求部门 `CODE` 的，其他行政区划的写作 编码@行政区划", "only those of the agency `CODE`; of another jurisdiction, CODE@JURISDICTION"},
	{CLIFlagGrantState, "只列状态为 `STATE` 的：live（有效）、expired（已到期）、revoked（已撤销）、replaced（已被代替）、stopped（因目录类别停用）、closed（随数据资源撤回或部门撤销终止）", "only those in the `STATE` live, expired, revoked, replaced, stopped (by the category) or closed (with the dataset or the agency)"},
	{CLIFlagGrantFields, "只授予数据项 `A,B`，不写则为目录所列全部数据项，包括以后增列的", "give only the fields `A,B`; without it all that the entry lists, later ones too"},
	{CLIFlagMeasures, "可统计的函数 `FIELD=sum,average`，可重复；不写则为目录对所授数据项开放的全部统计", "what may be asked of a field, `FIELD=sum,average`; repeatable; without it all that the entry offers of the fields"},
	{CLIFlagGrantBasis, "授予依据 `TEXT`", "the law or duty that the grant rests on, `TEXT`"},
	{CLIFlagGrantPaper, "文号 `NUMBER`", "the `NUMBER` of the paper by which it was decided"},
}
