package text

// Sentences of the verbs that end and move what a jurisdiction has.
const (
	CLIShortDatasetWithdraw  Code = "cli.short.dataset-withdraw"
	CLILongDatasetWithdraw   Code = "cli.long-dataset-withdraw"
	CLIShortDatasetMove      Code = "cli.short.dataset-move"
	CLILongDatasetMove       Code = "cli.long-dataset-move"
	CLIShortStandardWithdraw Code = "cli.short.standard-withdraw"
	CLILongStandardWithdraw  Code = "cli.long-standard-withdraw"
	CLIShortAgencyEnd        Code = "cli.short.agency-end"
	CLILongAgencyEnd         Code = "cli.long-agency-end"
	CLIShortAgencyRename     Code = "cli.short.agency-rename"
	CLIShortGrantAllow       Code = "cli.short.grant-allow"
	CLILongGrantAllow        Code = "cli.long-grant-allow"
	CLIFlagMoveTo            Code = "cli.flag.move-to"
	CLIFlagEndInto           Code = "cli.flag.end-into"
	CLIFlagDropGrants        Code = "cli.flag.drop-grants"
	CLIFlagAgain             Code = "cli.flag.again"
	CLIFlagWithdrawn         Code = "cli.flag.withdrawn"
	CLIEndAsk                Code = "cli.end.ask"
	CLIEndWithdraw           Code = "cli.end.withdraw"
	CLIEndStandard           Code = "cli.end.standard"
	CLIEndMove               Code = "cli.end.move"
	CLIEndMoveStandard       Code = "cli.end.move-standard"
	CLIEndLeaves             Code = "cli.end.leaves"
	CLIEndWasWithdrawn       Code = "cli.end.was-withdrawn"
	CLIEndAgency             Code = "cli.end.agency"
	CLIEndMerge              Code = "cli.end.merge"
	CLIEndGrants             Code = "cli.end.grants"
	CLIEndGrant              Code = "cli.end.grant"
	CLIEndMore               Code = "cli.end.more"
	CLIEndLasting            Code = "cli.end.lasting"
	CLIEndStays              Code = "cli.end.stays"
	CLIEndAdopters           Code = "cli.end.adopters"
	CLIEndElsewhere          Code = "cli.end.elsewhere"
	CLIEndAsksAnew           Code = "cli.end.asks-anew"
	CLIEndLoses              Code = "cli.end.loses"
	CLIEndReadable           Code = "cli.end.readable"
	CLIEndQuestions          Code = "cli.end.questions"
	CLIWithdrawnDone         Code = "cli.withdrawn-done"
	CLIStandardWithdrawn     Code = "cli.standard-withdrawn"
	CLIMovedDone             Code = "cli.moved-done"
	CLIAgencyEndDone         Code = "cli.agency-end-done"
	CLIAgencyMergeDone       Code = "cli.agency-merge-done"
	CLIAgencyRenamed         Code = "cli.agency-renamed"
	CLIAgencySame            Code = "cli.agency-same"
	CLIAgencyBack            Code = "cli.agency-back"
	CLIAgencyTwin            Code = "cli.agency-twin"
	CLIGrantBars             Code = "cli.grant-bars"
	CLIGrantBar              Code = "cli.grant-bar"
	CLIRulesGiven            Code = "cli.rules-given"
	CLIRulesHeld             Code = "cli.rules-held"
	CLIRulesDatasetHeld      Code = "cli.rules-dataset-held"
	CLIRulesWithdrawn        Code = "cli.rules-withdrawn"
	CLIRulesConditional      Code = "cli.rules-conditional"
	CLIRulesNotShared        Code = "cli.rules-not-shared"
	CLIGrantAllowed          Code = "cli.grant-allowed"
	CLIGrantAllowedBefore    Code = "cli.grant-allowed-before"
	CLIGrantEndlessAgain     Code = "cli.grant-endless-again"
	CLIGrantEndlessOver      Code = "cli.grant-endless-over"
	CLIWithdrawnAt           Code = "cli.withdrawn-at"
	CLIWithdrawnWhy          Code = "cli.withdrawn-why"
	CLIFormerTitles          Code = "cli.former-titles"
	CLIAgencyStands          Code = "cli.agency-stands"
	CLIAgencyMarked          Code = "cli.agency-marked"
	CLIAgencyGone            Code = "cli.agency-gone"
	CLIAgencyWentInto        Code = "cli.agency-went-into"
	CLIPlanBack              Code = "cli.plan.back"
	CLIPlanHeld              Code = "cli.plan.held"
	CLIPlanHeldBack          Code = "cli.plan.held-back"
	CLIHeld                  Code = "cli.held"
	CLIHeldOf                Code = "cli.held-of"
	CLIPlanBackGrants        Code = "cli.plan.back-grants"
)

var reformSentences = []sentence{
	{CLIAgencyMarked, "{agency}（已撤销）", "{agency} (ended)"},
	{CLIShortDatasetWithdraw, "撤回数据资源，并终止其共享权限", "Take a dataset out of the catalogue, and end its grants"},
	{CLILongDatasetWithdraw, "将数据资源从目录中撤回：此后任何部门都不能使用，其有效共享权限全部终止；执行前列明影响并请求确认。" +
		"记录、存证条目和凭证均保留，不作删除。以后用 dataset publish 发布同一编码的目录即恢复提供，记录照旧，终止的共享权限不恢复。",
		"Takes a dataset out of the catalogue: nobody uses it any more, and its live grants end. What that does is shown first, and asked. " +
			"Records, entries and receipts stay; nothing is erased. Publishing an entry of the same code with dataset publish brings it back with its records; grants that ended stay ended."},
	{CLIShortDatasetMove, "将数据资源划转给本地另一部门", "Move datasets to another agency of the jurisdiction"},
	{CLILongDatasetMove, "将数据资源划转给本行政区划的另一部门：目录成为新版本，由接收部门提供；记录和共享权限不变。一次可列多个，以逗号分隔，要么全部划转，要么都不划转。",
		"Moves datasets to another agency of the jurisdiction: each entry becomes a new version, of the agency that takes over; records and grants stay. Several have commas between them; all of them move, or none."},
	{CLIShortStandardWithdraw, "撤回标准目录", "Take a standard entry back"},
	{CLILongStandardWithdraw, "撤回本级制定的标准目录：此后不能再采用；下级已采用的目录和相应的共享权限照常，直至其自行撤回。",
		"Takes a standard entry back that this jurisdiction set: nobody adopts it any more. Datasets that adopted it go on with their grants, until those who provide them withdraw them."},
	{CLIShortAgencyEnd, "撤销部门，或并入另一部门", "End an agency, or merge it into another one"},
	{CLILongAgencyEnd, "撤销部门；加 --into 的，其数据资源和标准目录全部划转给该部门。所持共享权限随部门终止，承接部门须以自己的名义另行申请。" +
		"部门代码不再给其他部门使用；历史记录仍以原名称可查。它保存的查询、查询记录和共享权限以后仍可用 --as 加其代码查看，不能再以其名义办理。执行前列明影响并请求确认。",
		"Ends an agency; with --into all its datasets and standards move to that agency. Grants that it holds end with it: its successor asks under its own name. " +
			"The code is never given to another agency, and what the ledger says of it stays readable. What it saved, asked and was given is read with --as and its code; nothing more is done in its name. " +
			"What it does is shown first, and asked."},
	{CLIShortAgencyRename, "更改部门名称", "Give an agency another title"},
	{CLIShortGrantAllow, "解除一次撤销对按规则授予的限制", "Let a revocation keep nobody from grants by rule any more"},
	{CLILongGrantAllow, "撤销一项共享权限之后，其行政区划及下级对该数据资源不再按规则取得新的共享权限。由提供部门执行本命令，解除 GRANT 的撤销所带来的这一限制；" +
		"同一方另有撤销尚未解除的，限制照旧，系统逐项列出。已撤销的那一项不恢复，需求部门须重新申请。",
		"After a grant was revoked, its jurisdiction and those below it get no new grant by rule for the dataset. With this the provider takes back what the " +
			"revocation of GRANT bars. Other revocations of the same side bar still, and are listed. The grant that was revoked stays revoked, and the consumer applies anew."},
	{CLIFlagMoveTo, "接收部门的代码 `AGENCY`", "code of the `AGENCY` that takes over"},
	{CLIFlagEndInto, "并入的部门代码 `AGENCY`；其数据资源和标准目录随之划转", "code of the `AGENCY` that takes over its datasets and standards"},
	{CLIFlagDropGrants, "没有承接部门时，所持共享权限随部门一并终止", "with no successor, let the grants that it holds end with it"},
	{CLIFlagAgain, "恢复已撤销的部门；名称须与原名称一致", "bring back an agency that ended, under the title that it had"},
	{CLIFlagWithdrawn, "也列出已撤回的", "list what was withdrawn, too"},
	{CLIEndAsk, "确定执行？请输入 y 或“是”", "go on? answer y or yes"},
	{CLIEndWithdraw, "将撤回数据资源：{title}（{code}），提供部门 {agency}，现有记录 {records} 条", "would withdraw {title} ({code}) of {agency}, with {records} [record|records]"},
	{CLIEndStandard, "将撤回标准目录：{title}（{code}），制定部门 {agency}", "would withdraw the standard {title} ({code}) of {agency}"},
	{CLIEndMove, "将划转数据资源：{title}（{code}），记录 {records} 条，由 {agency} 划转给 {into}", "would move {title} ({code}) with {records} [record|records] from {agency} to {into}"},
	{CLIEndMoveStandard, "将划转标准目录：{title}（{code}），由 {agency} 划转给 {into}", "would move the standard {title} ({code}) from {agency} to {into}"},
	{CLIEndLeaves, "已撤回的{title}（{code}，记录 {records} 条）仍归该部门，部门撤销后没有人可以恢复它；以后还要用的，请改用 --into 一并划转",
		"{title} ({code}), which was withdrawn, stays with the agency, as do its records ({records}), and nobody can bring it back then; if it may be wanted, use --into, and it moves"},
	{CLIEndWasWithdrawn, "其中 {code} 早已撤回，划转后仍为已撤回", "{code} was withdrawn before, and stays so"},
	{CLIEndAgency, "将撤销部门：{title}（{code}）", "would end the agency {title} ({code})"},
	{CLIEndMerge, "将把部门 {title}（{code}）并入 {into}", "would merge the agency {title} ({code}) into {into}"},
	{CLIEndGrants, "将终止有效的共享权限 {count} 项，以后不恢复：", "live grants that would end, for good: {count}"},
	{CLIEndGrant, "· {grant}：{consumer}，{dataset}，用途 {purpose}", "· {grant}: {consumer}, {dataset}, for {purpose}"},
	{CLIEndMore, "……另有 {count} 项", "… and {count} more"},
	{CLIEndLasting, "它所授予的共享权限 {count} 项照常有效，改由 {into} 提供", "{count} [grant that it gave goes|grants that it gave go] on, under {into}"},
	{CLIEndStays, "记录、存证条目和凭证均保留，不作删除；以后发布同一编码的目录即可恢复提供", "records, entries and receipts stay, and nothing is erased; publishing an entry of the code brings it back"},
	{CLIEndAdopters, "下级已采用的目录照常提供；撤回后不能再采用", "datasets below that adopted it go on; nobody adopts it any more"},
	{CLIEndElsewhere, "在其他行政区划所持的共享权限也不能再用：对方会拒绝已撤销的部门", "grants that it holds at other jurisdictions serve it no more: they refuse an agency that ended"},
	{CLIEndAsksAnew, "它所持的共享权限不随并入转给 {into}；需要的，由其以自己的名义另行申请", "grants that it holds do not pass on to {into}, which applies under its own name where it needs them"},
	{CLIEndLoses, "划转后 {agency} 不再是提供部门，需要使用的须另行申请", "{agency} is then not the provider any more, and applies where it needs the data"},
	{CLIEndReadable, "它的查询记录和共享权限以后仍可查看（加 --as {code}），不能再以其名义办理", "what it asked and was given stays readable, with --as {code}; nothing more is done in its name"},
	{CLIEndQuestions, "它保存的查询 {count} 项及留存的各月结果以后仍可查看，不能再执行、修改或者删除：{xietong} question list --as {code}",
		"{count} [question|questions] that it saved [stays|stay] readable with the results of the months, and [is|are] not asked, changed or removed any more: `{xietong} question list --as {code}`"},
	{CLIWithdrawnDone, "已撤回数据资源 {dataset}，终止共享权限 {count} 项；存证条目 {entry}", "withdrew {dataset}; {count} [grant|grants] ended; entry {entry}"},
	{CLIStandardWithdrawn, "已撤回标准目录 {dataset}；存证条目 {entry}", "withdrew the standard {dataset}; entry {entry}"},
	{CLIMovedDone, "已将 {dataset} 划转给 {into}；存证条目自 {entry} 起", "moved {dataset} to {into}; from entry {entry} on"},
	{CLIAgencyEndDone, "已撤销部门 {agency}；存证条目 {entry}", "ended the agency {agency}; entry {entry}"},
	{CLIAgencyMergeDone, "已将部门 {agency} 并入 {into}；存证条目 {entry}", "merged the agency {agency} into {into}; entry {entry}"},
	{CLIAgencySame, "部门 {agency} 已经称“{title}”，没有变化", "the agency {agency} is called {title} already; nothing was changed"},
	{CLIAgencyRenamed, "部门 {agency} 现称“{title}”；存证条目 {entry}", "the agency {agency} is called {title} now; entry {entry}"},
	{CLIAgencyBack, "部门 {title}（{agency}）已恢复；存证条目 {entry}。已划转的数据资源不随之返还，已终止的共享权限不恢复",
		"the agency {title} ({agency}) is back; entry {entry}. What moved to another agency stays there, and grants that ended stay ended"},
	{CLIAgencyTwin, "请注意：部门 {twin} 也称“{title}”；如系笔误，请执行 {xietong} agency rename {agency} 新名称",
		"note: the agency {twin} is called {title} too; if that is a slip, run `{xietong} agency rename {agency} TITLE`"},
	{CLIGrantAllowedBefore, "没有变化：撤销对按规则授予的限制此前已经解除（共享权限 {grant} 本身仍为已撤销）", "nothing changed: the revocation keeps nobody from grants by rule any more (grant {grant} itself stays revoked)"},
	{CLIGrantBars, "同一方在该数据资源上另有 {count} 次撤销尚未解除，全部解除之前不按规则授予；可以解除的，对各项分别执行 {xietong} grant allow GRANT --reason 理由：",
		"{count} other [revocation keeps|revocations keep] the same side from grants by rule of the dataset, and it gets none until all are allowed; where that may be, run `{xietong} grant allow GRANT --reason REASON` for each:"},
	{CLIGrantBar, "· {grant}：{consumer}，用途 {purpose}，由条目 {entry} 撤销", "· {grant}: {consumer}, for {purpose}, revoked by entry {entry}"},
	{CLIRulesGiven, "对方下次查询时即按规则授予", "the next query of the other side gets a grant by rule"},
	{CLIRulesHeld, "但该数据资源暂不按规则授予：提供部门重新发布目录（xietong dataset publish）之前，任何一方都得不到按规则的授予", "but grants by rule of the dataset are held: until its provider publishes its entry again (`xietong dataset publish`), nobody gets one"},
	{CLIRulesDatasetHeld, "但该数据资源待提供部门确认：重新发布目录（xietong dataset publish）之前，不提供给任何一方", "but the dataset is held: until its provider publishes its entry again (`xietong dataset publish`), nobody is answered"},
	{CLIRulesWithdrawn, "但该数据资源已撤回：提供部门重新发布目录（xietong dataset publish）之前，任何一方都得不到授予", "but the dataset is withdrawn: until its provider publishes its entry again (`xietong dataset publish`), nobody gets a grant"},
	{CLIRulesConditional, "但该数据资源有条件共享，不按规则授予：需要授予的，由提供部门用 xietong grant give 授予", "but the dataset is shared on conditions, so no grant of it is given by rule: its provider gives one with `xietong grant give`"},
	{CLIRulesNotShared, "但该数据资源不予共享，不作授予", "but the dataset is not shared, so no grant of it is given"},
	{CLIGrantEndlessAgain, "各上级又可依标准目录统计；存证条目 {entry} 就是新的共享权限", "those above can count by the standard again; entry {entry} is the new grant"},
	{CLIGrantEndlessOver, "各上级不能再依标准目录统计；需要恢复的，执行 {xietong} grant allow {grant} --reason 理由", "those above cannot count by the standard any more; to let them again, run `{xietong} grant allow {grant} --reason REASON`"},
	{CLIGrantAllowed, "已解除撤销对按规则授予的限制（共享权限 {grant} 本身仍为已撤销）；存证条目 {entry}", "the revocation keeps nobody from grants by rule any more (grant {grant} itself stays revoked); entry {entry}"},
	{CLIWithdrawnAt, "撤回时间", "withdrawn"},
	{CLIWithdrawnWhy, "撤回理由", "reason"},
	{CLIFormerTitles, "曾用名称", "earlier titles"},
	{CLIAgencyStands, "在用", "live"},
	{CLIAgencyGone, "{at} 撤销", "ended {at}"},
	{CLIAgencyWentInto, "{at} 并入 {into}", "merged into {into} {at}"},
	{CLIPlanHeld, "该数据资源待提供部门确认（{entry} 已失去，其中有过变更）；已核对其全部 {records} 条记录。发布后：", "the dataset awaits its provider, because {entry} is lost, in which it was changed; all {records} of its records were checked. After publishing:"},
	{CLIPlanHeldBack, "数据资源恢复提供；按规则授予暂停的，一并恢复", "it is offered again, and grants by rule are given again where they were held"},
	{CLIHeld, "待确认：失去 {entry}", "held: {entry} is lost"},
	{CLIHeldOf, "待确认（已失去）", "held for (lost)"},
	{CLIPlanBack, "该数据资源已于 {at} 撤回；已核对其全部 {records} 条记录。发布后：", "the dataset was withdrawn on {at}; all {records} of its records were checked. After publishing:"},
	{CLIPlanBackGrants, "恢复提供，记录照旧；已终止的共享权限不恢复", "it is offered again with its records; grants that ended stay ended"},
}
