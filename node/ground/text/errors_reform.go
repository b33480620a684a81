package text

import "net/http"

// Problems of what was ended or moved inside a jurisdiction: datasets, standards and agencies.
const (
	DatasetWithdrawn  Code = "dataset-withdrawn"
	AgencyEnded       Code = "agency-ended"
	AgencyMerged      Code = "agency-merged"
	AgencyInUse       Code = "agency-in-use"
	IntoItself        Code = "into-itself"
	EndPlanNeeded     Code = "end-plan-needed"
	MovesTooMany      Code = "moves-too-many"
	StandardWithdrawn Code = "standard-withdrawn"
	GrantClosed       Code = "grant-closed"
	NotRevoked        Code = "not-revoked"
	EndlessRevoked    Code = "endless-revoked"
	ProviderEnded     Code = "provider-ended"
	AgencyLives       Code = "agency-lives"
	NotThatAgency     Code = "not-that-agency"
	DatasetHeld       Code = "dataset-held"
	StandardHeld      Code = "standard-held"
	RulesHeld         Code = "rules-held"
)

var reformProblems = []problem{
	{
		number: 380, code: DatasetWithdrawn, status: http.StatusGone, params: []string{"dataset", "jurisdiction", "at", "because", "entry"},
		zh: parts{"数据资源已撤回", "数据资源 {dataset} 已于 {at} 撤回，不再提供；理由：{because}", "{jurisdiction}，存证条目 {entry}",
			"提供部门重新发布同一编码的目录后恢复提供，原有共享权限不恢复；使用方请与提供部门联系"},
		en: parts{"Dataset withdrawn", "the dataset {dataset} was withdrawn on {at}, and nobody is given it any more; the reason: {because}", "{jurisdiction}, entry {entry}",
			"its provider brings it back by publishing an entry of the same code, and the grants that ended stay ended; who used it should ask the provider"},
	},
	{
		number: 535, code: DatasetHeld, status: http.StatusConflict, params: []string{"dataset", "jurisdiction", "entry"},
		zh: parts{"数据资源待提供部门确认", "{jurisdiction}的账本失去了部分条目，其中（{entry}）有数据资源 {dataset} 后来的版本，或者撤下了它的记录；在提供部门确认之前，不提供给任何一方", "{jurisdiction}",
			"请提供部门核对目录（xietong dataset show {dataset}）和记录（xietong record export {dataset} --purpose PURPOSE，其间只有提供部门可以查看），该改的改，该撤下的撤下，然后重新发布目录（没有改动的也要）：xietong dataset publish 文件；使用方请与提供部门联系"},
		en: parts{"Dataset awaits its provider", "{jurisdiction} lost entries of its ledger, and in one of them ({entry}) a later version of the dataset {dataset} was published, or records of it were retracted; until its provider has spoken, nobody is given it", "{jurisdiction}",
			"its provider looks through the entry (`xietong dataset show {dataset}`) and the records (`xietong record export {dataset} --purpose PURPOSE`: it alone sees them meanwhile), mends or retracts what is not right, and publishes the entry again, also where nothing is to change, with `xietong dataset publish FILE`; who uses it should ask the provider"},
	},
	{
		number: 536, code: StandardHeld, status: http.StatusConflict, params: []string{"dataset", "jurisdiction", "entry"},
		zh: parts{"标准目录待确认", "{jurisdiction}的账本失去了部分条目，其中（{entry}）有标准目录 {dataset} 后来的版本；在制定部门确认之前，不再供采用", "{jurisdiction}",
			"请制定部门核对后重新发布（没有改动的也要）：xietong dataset standard publish 文件；采用方请与该部门联系"},
		en: parts{"Standard awaits who set it", "{jurisdiction} lost entries of its ledger, and in one of them ({entry}) a later version of the standard {dataset} was set; until the agency that sets it has spoken, nobody adopts it", "{jurisdiction}",
			"the agency looks through it and sets it again, also where nothing is to change, with `xietong dataset standard publish FILE`; who adopts it should ask the agency"},
	},
	{
		number: 537, code: RulesHeld, status: http.StatusForbidden, params: []string{"dataset", "jurisdiction", "entry", "give"},
		zh: parts{"暂不按规则授予", "{jurisdiction}的账本失去了部分条目，其中（{entry}）撤销过数据资源 {dataset} 的一项共享权限，撤销的是谁的已无从得知；在提供部门确认之前，不按规则授予任何一方新的权限", "{jurisdiction}",
			"请提供部门重新发布目录（没有改动的也要）：xietong dataset publish 文件，此后恢复按规则授予，被撤销的一方再次提出的，也会自动得到，须重新撤销。它是谁，只有使用方自己的 xietong ledger list 和存证凭证记着，请先向各使用方查明；其后用 xietong grant list 查看谁又得到，用 xietong grant revoke 撤销；只给某一方的，执行 {give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"No grants by rule for now", "{jurisdiction} lost entries of its ledger, and in one of them ({entry}) a grant of the dataset {dataset} was revoked, of whom is not known any more; until its provider has spoken, nobody gets a new grant by rule", "{jurisdiction}",
			"its provider publishes the entry again, also where nothing is to change, with `xietong dataset publish FILE`; from then on there are grants by rule, also for whoever had it revoked then and asks again, unless it is revoked anew. Who that was stands in the consumer's own `xietong ledger list` and receipts alone: ask the consumers before, see with `xietong grant list` afterwards who got one, and end it with `xietong grant revoke`; to give it to one alone, it runs `{give} --until DATE --basis BASIS --paper PAPER`"},
	},
	{
		number: 381, code: AgencyEnded, status: http.StatusConflict, params: []string{"agency", "title", "jurisdiction", "at", "because"},
		zh: parts{"部门已撤销", "部门 {agency}（{title}）已于 {at} 撤销，不能再以其名义办理；理由：{because}", "{jurisdiction}",
			"请以现有部门的名义办理；该部门以前保存的查询、查询记录和共享权限仍可查看，例如 xietong question list --as {agency}；确系误撤的，以原名称恢复：xietong agency add {agency} {title} --again"},
		en: parts{"Agency ended", "the agency {agency} ({title}) was ended on {at}, and nothing is done in its name any more; the reason: {because}", "{jurisdiction}",
			"act as an agency that there is; what it saved, asked and was given stays readable, such as with `xietong question list --as {agency}`; if it was ended by mistake, it comes back under its title with `xietong agency add {agency} {title} --again`"},
	},
	{
		number: 382, code: AgencyMerged, status: http.StatusConflict, params: []string{"agency", "title", "jurisdiction", "at", "because", "into"},
		zh: parts{"部门已并入其他部门", "部门 {agency}（{title}）已于 {at} 并入 {into}，不能再以其名义办理；理由：{because}", "{jurisdiction}",
			"请以 {into} 的名义办理；{agency} 以前保存的查询、查询记录和共享权限仍可查看，例如 xietong question list --as {agency}；确系误办的，以原名称恢复：xietong agency add {agency} {title} --again"},
		en: parts{"Agency merged", "the agency {agency} ({title}) was merged into {into} on {at}, and nothing is done in its name any more; the reason: {because}", "{jurisdiction}",
			"act as {into}; what {agency} saved, asked and was given stays readable, such as with `xietong question list --as {agency}`; if it was merged by mistake, it comes back under its title with `xietong agency add {agency} {title} --again`"},
	},
	{
		number: 383, code: AgencyInUse, status: http.StatusConflict, params: []string{"agency", "still"},
		zh: parts{"部门尚不能撤销", "部门 {agency} 还有：{still}；未作任何改动", "部门 {agency}",
			"请用 --into 写明并入哪个部门（数据资源和标准目录随之划转），或先逐一撤回、划转；所持共享权限随部门一并终止的，请加 --drop-grants"},
		en: parts{"Agency in use", "the agency {agency} still has {still}; nothing was changed", "agency {agency}",
			"say with --into which agency takes over what it offers, or withdraw or move that first; to let the grants that it holds end with it, add --drop-grants"},
	},
	{
		number: 384, code: IntoItself, status: http.StatusBadRequest, params: []string{"agency"},
		zh: parts{"不能并入或划转给自己", "去向写的是部门 {agency} 自己，未作任何改动", "部门 {agency}", "请写另一个部门的代码；用 xietong agency list 查看"},
		en: parts{"Into itself", "the agency {agency} is to take over from itself; nothing was changed", "agency {agency}",
			"give the code of another agency: `xietong agency list` has them"},
	},
	{
		number: 385, code: EndPlanNeeded, status: http.StatusConflict, params: []string{"what"},
		zh: parts{"须先看影响", "{what} 的撤销、撤回或划转须先查看并确认其影响，未作任何改动", "{what}",
			"命令行请在提示时确认，或加 --yes；程序请先以 GET 请求同一路径，再把所得 hash 作为 plan 一并提交"},
		en: parts{"Plan not seen", "what ending or moving {what} does is looked at first; nothing was changed", "{what}",
			"on the command line answer the question, or give --yes; a program asks the same path with GET first, and sends the hash that it gets as plan"},
	},
	{
		number: 387, code: MovesTooMany, status: http.StatusRequestEntityTooLarge, params: []string{"count", "size", "limit"},
		zh: parts{"一次划转过多", "{count} 个目录共 {size} 字节，超过一次可以划转的 {limit} 字节，未作任何改动", "划转的目录",
			"请先用 xietong dataset move 分几次划转一部分，再办理其余"},
		en: parts{"Too much at once", "{count} [entry has|entries have] {size} [byte|bytes] together, more than the {limit} that [is|are] moved at once; nothing was changed", "the entries to move",
			"move some of them first with `xietong dataset move`, and then the rest"},
	},
	{
		number: 388, code: StandardWithdrawn, status: http.StatusGone, params: []string{"dataset", "jurisdiction", "at", "because", "entry"},
		zh: parts{"标准目录已撤回", "标准目录 {dataset} 已于 {at} 撤回，不能再采用；理由：{because}", "{jurisdiction}，存证条目 {entry}",
			"已采用的目录照常提供；请与制定部门联系，或不引用标准、另行发布目录"},
		en: parts{"Standard withdrawn", "the standard {dataset} was withdrawn on {at}, and is adopted no more; the reason: {because}", "{jurisdiction}, entry {entry}",
			"what adopted it goes on; ask who set it, or publish an entry that names no standard"},
	},
	{
		number: 389, code: GrantClosed, status: http.StatusConflict, params: []string{"grant", "dataset", "entry"},
		zh: parts{"共享权限已随之终止", "共享权限 {grant} 已由条目 {entry} 终止（数据资源撤回，或需求部门撤销），不能续期", "数据资源 {dataset}",
			"数据资源恢复提供后，请另行授予"},
		en: parts{"Grant closed", "entry {entry} ended grant {grant} (its dataset was withdrawn, or its consumer ended), so it cannot be renewed", "dataset {dataset}",
			"give another grant once the dataset is offered again"},
	},
	{
		number: 390, code: NotRevoked, status: http.StatusConflict, params: []string{"grant", "dataset"},
		zh: parts{"没有撤销可以解除", "共享权限 {grant} 未撤销，按规则授予没有因它停止", "数据资源 {dataset}", "请用 xietong grant list --state revoked 查看已撤销的共享权限"},
		en: parts{"Nothing to allow again", "grant {grant} is not revoked, so it keeps nobody from a grant by rule", "dataset {dataset}",
			"`xietong grant list --state revoked` has those that are"},
	},
	{
		number: 486, code: EndlessRevoked, status: http.StatusForbidden, params: []string{"grant", "dataset", "entry", "provider", "name", "index"},
		zh: parts{"依标准目录的统计已停止", "供各上级统计用的共享权限 {grant} 已由条目 {entry} 撤销", "数据资源 {dataset}",
			"请向{name}的提供部门 {provider} 了解撤销理由；可以恢复的，由其执行：xietong grant allow {index} --as {provider} --reason 理由"},
		en: parts{"Counting by standard stopped", "grant {grant}, by which those above count, was revoked by entry {entry}", "dataset {dataset}",
			"ask the provider, {provider} of {name}, for the reason; where the counting may go on, it runs " +
				"`xietong grant allow {index} --as {provider} --reason REASON`"},
	},
	{
		number: 487, code: ProviderEnded, status: http.StatusConflict, params: []string{"dataset", "provider", "title", "agency"},
		zh: parts{"提供部门已撤销", "数据资源 {dataset} 由部门 {provider}（{title}）提供，该部门已撤销，数据资源没有划转，未予发布", "数据资源 {dataset}",
			"请先恢复该部门，再将它并入：xietong agency add {provider} {title} --again，然后 xietong agency end {provider} --into {agency} --reason 理由；划转之后再发布"},
		en: parts{"Provider ended", "the dataset {dataset} is of the agency {provider} ({title}), which ended and handed it to nobody, so nothing was published", "dataset {dataset}",
			"bring that agency back and merge it: `xietong agency add {provider} {title} --again`, then `xietong agency end {provider} --into {agency} --reason REASON`; publish after that"},
	},
	{
		number: 391, code: AgencyLives, status: http.StatusConflict, params: []string{"agency", "title"},
		zh: parts{"部门没有撤销", "部门 {agency}（{title}）没有撤销，不需要恢复", "部门 {agency}", "请去掉 --again；更改名称请用 xietong agency rename"},
		en: parts{"Agency not ended", "the agency {agency} ({title}) was not ended, so it need not come back", "agency {agency}",
			"leave out --again; another title is given with `xietong agency rename`"},
	},
	{
		number: 392, code: NotThatAgency, status: http.StatusForbidden, params: []string{"agency", "acting"},
		zh: parts{"不能代其他部门办理", "{acting} 不能撤销部门 {agency}，未作任何改动", "部门 {agency}", "请由该部门自己办理，或由管理员不指明部门办理"},
		en: parts{"Not that agency", "{acting} cannot end the agency {agency}; nothing was changed", "agency {agency}",
			"the agency does it itself, or who runs the jurisdiction does, and names no agency"},
	},
}
