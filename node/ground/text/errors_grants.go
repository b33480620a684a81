package text

import "net/http"

// Problems of saved questions, and of grants that are given, renewed and revoked by hand, and of
// uses that such a grant does not cover.
const (
	MeasureNotGranted Code = "measure-not-granted"
	NotRenewable      Code = "not-renewable"
	GrantEnded        Code = "grant-ended"
	GiveNotShared     Code = "give-not-shared"
	GiveOwn           Code = "give-own"
	GroundNeeded      Code = "ground-needed"
	GrantShorter      Code = "grant-shorter"
	GrantNarrower     Code = "grant-narrower"
	GrantReplaced     Code = "grant-replaced"
	GrantEndless      Code = "grant-endless"
	RenewRevoked      Code = "renew-revoked"
	AgencyNotThere    Code = "agency-not-there"

	NoQuestion      Code = "no-question"
	QuestionChanged Code = "question-changed"
	QuestionTaken   Code = "question-taken"
	QuestionsMany   Code = "questions-many"
	QuestionDamaged Code = "question-damaged"
	GrantElsewhere  Code = "grant-elsewhere"
	QuestionMeasure Code = "question-measure"
)

var grantProblems = []problem{
	{
		number: 290, code: MeasureNotGranted, status: http.StatusForbidden, params: []string{"measure", "grant", "dataset", "provider", "name", "give"},
		zh: parts{"统计超出共享权限", "共享权限 {grant} 不包括统计 {measure}", "数据资源 {dataset}",
			"请只查询记录数；确需该统计的，请{name}的提供部门 {provider} 执行：{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Measure not granted", "grant {grant} does not include {measure}", "dataset {dataset}",
			"ask for the number of records alone; the measure is given by the provider, {provider} of {name}, with " +
				"`{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 291, code: NotRenewable, status: http.StatusConflict, params: []string{"grant", "dataset", "until", "provider", "name", "renew"},
		zh: parts{"期限不能按规则延长", "共享权限 {grant} 到 {until} 为止，更晚的期限须由提供部门人工授予", "数据资源 {dataset}",
			"请去掉 --until 后重新查询；需要续期的，请{name}的提供部门 {provider} 执行：{renew} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"No later end by rule", "grant {grant} goes until {until}, and a later end is given by hand alone", "dataset {dataset}",
			"ask again without --until; a later end is given by the provider, {provider} of {name}, with " +
				"`{renew} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 292, code: GrantEnded, status: http.StatusForbidden, params: []string{"grant", "dataset", "until", "provider", "name", "renew"},
		zh: parts{"共享权限已到期，须人工续期", "共享权限 {grant} 已于 {until} 到期，不能按规则续期", "数据资源 {dataset}",
			"仍需使用的，请{name}的提供部门 {provider} 执行：{renew} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Grant ended", "grant {grant} ended on {until}, and rule gives no further one", "dataset {dataset}",
			"if you still need the data, ask the provider, {provider} of {name}, which renews it with " +
				"`{renew} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 293, code: GiveNotShared, status: http.StatusForbidden, params: []string{"dataset", "citation"},
		zh: parts{"不予共享的不得授予", "该数据资源属于不予共享类，依据：{citation}，没有授予共享权限", "数据资源 {dataset}",
			"依法可以共享的，请先用 xietong dataset publish 将其类别改为有条件共享（conditional）"},
		en: parts{"Nothing to give", "this dataset is not shared, by {citation}; no grant was given", "dataset {dataset}",
			"where the law allows sharing, first publish it as conditional with `xietong dataset publish`"},
	},
	{
		number: 294, code: GiveOwn, status: http.StatusConflict, params: []string{"dataset", "agency"},
		zh: parts{"提供部门无须授权", "{agency} 就是提供部门，使用本部门的数据不需要共享权限", "数据资源 {dataset}", "请直接查询；要授予其他部门的，请写明其编码"},
		en: parts{"No grant to oneself", "{agency} is the provider, and uses its own data without a grant", "dataset {dataset}",
			"just ask; to give a grant to another agency, name that one"},
	},
	{
		number: 295, code: GroundNeeded, status: http.StatusBadRequest, params: []string{"missing", "dataset"},
		zh: parts{"授予依据不全", "人工授予须写明依据、文号和期限，尚缺：{missing}", "数据资源 {dataset}", "请用 --basis、--paper、--until 一次补全后重新提交"},
		en: parts{"Ground incomplete", "a grant by hand names its basis, its paper and its end, and lacks: {missing}", "dataset {dataset}",
			"give all of them with --basis, --paper and --until, and send the request again"},
	},
	{
		number: 296, code: GrantShorter, status: http.StatusConflict, params: []string{"grant", "dataset", "until", "index"},
		zh: parts{"期限不得缩短", "现有共享权限 {grant} 到 {until} 为止，新的期限早于该日", "数据资源 {dataset}",
			"请给出不早于该日的期限；要提前结束的，请先执行 xietong grant revoke {index} --reason 理由，再行授予"},
		en: parts{"Earlier end", "grant {grant} goes until {until}, and the new one would end before that", "dataset {dataset}",
			"give an end that is no earlier; to end it before, first `xietong grant revoke {index} --reason REASON`, and then give another"},
	},
	{
		number: 297, code: GrantNarrower, status: http.StatusConflict, params: []string{"grant", "dataset", "lost", "index"},
		zh: parts{"范围不得缩小", "现有共享权限 {grant} 还包括 {lost}，新的共享权限没有包括", "数据资源 {dataset}",
			"请将其一并列入；要缩小范围的，请先执行 xietong grant revoke {index} --reason 理由，再行授予"},
		en: parts{"Narrower grant", "grant {grant} gives {lost} too, which the new one would not", "dataset {dataset}",
			"include them; to take them away, first `xietong grant revoke {index} --reason REASON`, and then give another"},
	},
	{
		number: 298, code: GrantReplaced, status: http.StatusConflict, params: []string{"grant", "dataset", "next"},
		zh: parts{"共享权限已由新的代替", "共享权限 {grant} 已由 {next} 代替", "数据资源 {dataset}", "请改为对 {next} 执行"},
		en: parts{"Grant replaced", "grant {grant} was replaced by {next}", "dataset {dataset}", "do it with {next}"},
	},
	{
		number: 299, code: GrantEndless, status: http.StatusConflict, params: []string{"grant", "dataset"},
		zh: parts{"该共享权限没有期限", "共享权限 {grant} 依采用的标准目录产生，没有期限，无须续期", "数据资源 {dataset}",
			"无须操作；要结束的，请用 xietong grant revoke 撤销"},
		en: parts{"Grant without end", "grant {grant} comes from an adopted standard and has no end, so there is nothing to renew", "dataset {dataset}",
			"nothing is to be done; to end it, use `xietong grant revoke`"},
	},
	{
		number: 300, code: RenewRevoked, status: http.StatusConflict, params: []string{"grant", "dataset", "entry", "give"},
		zh: parts{"已撤销的不能续期", "共享权限 {grant} 已由条目 {entry} 撤销", "数据资源 {dataset}",
			"可以继续使用的，请另行授予：{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Revoked, not renewed", "grant {grant} was revoked by entry {entry}", "dataset {dataset}",
			"where the use may go on, give another: `{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 301, code: AgencyNotThere, status: http.StatusNotFound, params: []string{"agency", "jurisdiction"},
		zh: parts{"对方没有该部门", "{jurisdiction}的部门名单上没有 {agency}，没有授予共享权限", "{jurisdiction}", "请向对方核对部门编码后重试"},
		en: parts{"No such agency there", "the list of agencies of {jurisdiction} has no {agency}; no grant was given", "{jurisdiction}",
			"check the code of the agency with them, and try again"},
	},
	{
		number: 302, code: NoQuestion, status: http.StatusNotFound, params: []string{"question", "agency"},
		zh: parts{"没有保存该查询", "{agency} 没有保存名为“{question}”的查询", "{agency}", "请用 xietong question list 查看已保存的查询"},
		en: parts{"No such saved question", "{agency} has saved no question called {question}", "{agency}",
			"see what is saved with `xietong question list`"},
	},
	{
		number: 303, code: QuestionChanged, status: http.StatusConflict,
		zh: parts{"保存的查询已变动", "办理期间该查询被重新保存或者删除，结果没有留存", "保存的查询", "请用 xietong question list 查看后重新执行"},
		en: parts{"Saved question changed", "the question was saved anew, or removed, while it was handled; its result was not kept",
			"the saved question", "look with `xietong question list`, and run it again"},
	},
	{
		number: 379, code: QuestionTaken, status: http.StatusConflict, params: []string{"question", "entry"},
		zh: parts{"已有同名的查询", "本部门已保存名为“{question}”的查询，内容不同；由新的代替后，旧的所留存的各月结果不再比较", "存证条目 {entry}",
			"请另取名称；确要代替的，请重新执行同一命令，核对后输入 y"},
		en: parts{"Question of that name", "the agency has saved another question under the name {question}; with the months kept of it a new one is not compared", "entry {entry}",
			"choose another name; or repeat the command to put the new one in its place, and answer y"},
	},
	{
		number: 304, code: QuestionsMany, status: http.StatusConflict, params: []string{"agency", "limit"},
		zh: parts{"保存的查询过多", "{agency} 已保存 {limit} 项查询，不能再增加", "{agency}", "请先用 xietong question remove 删除不用的"},
		en: parts{"Too many saved questions", "{agency} has saved {limit} [question|questions], which is the most", "{agency}",
			"remove one that is not used with `xietong question remove`"},
	},
	{
		number: 305, code: QuestionMeasure, status: http.StatusBadRequest, params: []string{"at"},
		zh: parts{"须写明统计内容", "向多个行政区划保存的查询只能统计，不能逐条列出记录", "{at}",
			"请加上 --count、--sum 等统计参数；要看记录的，请用 xietong query，或者只向一个行政区划保存"},
		en: parts{"Measure needed", "a saved question for many jurisdictions measures records, and does not list them", "{at}",
			"add --count, --sum or another measure; to see records use `xietong query`, or save a question for one jurisdiction"},
	},
	{
		number: 306, code: GrantElsewhere, status: http.StatusConflict, params: []string{"grant", "name"},
		zh: parts{"是别处授予的共享权限", "{grant} 是{name}授予的，撤销和续期都只能由那里的提供部门办理", "{grant}",
			"请与{name}的提供部门联系，由其在自己的节点上执行 xietong grant revoke {grant} --reason 理由 或 xietong grant renew {grant}；不再使用该权限的，停止查询即可"},
		en: parts{"Grant of another jurisdiction", "{grant} was given by {name}: only the provider there can revoke or renew it", "{grant}",
			"ask the providing agency of {name}, which runs `xietong grant revoke {grant} --reason REASON` or `xietong grant renew {grant}` on its own node; if you need it no more, ask no more questions under it"},
	},
	{
		number: 320, code: QuestionDamaged, status: http.StatusInternalServerError, params: []string{"question", "entry"},
		zh: parts{"保存的查询已损坏", "保存的查询“{question}”的内容已损坏，无法读取；其他保存的查询不受影响", "存证条目 {entry}",
			"请用 xietong question save 以原名重新保存，或者用 xietong question remove 删除；管理员应以 `xietong ledger verify` 检查数据目录"},
		en: parts{"Saved question damaged", "the saved question {question} is damaged and cannot be read; the other questions can be used", "entry {entry}",
			"save it again under its name with `xietong question save`, or remove it with `xietong question remove`; the administrator should check the data directory with `xietong ledger verify`"},
	},
}
