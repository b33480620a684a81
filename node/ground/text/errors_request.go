package text

import "net/http"

// Problems of a request as such.
const (
	IDSeen             Code = "id-seen"
	IDReused           Code = "id-reused"
	Expired            Code = "expired"
	BadRequest         Code = "bad-request"
	NotFound           Code = "not-found"
	LedgerGone         Code = "ledger-gone"
	TooLarge           Code = "too-large"
	Internal           Code = "internal"
	NotReady           Code = "not-ready"
	OutcomeUnknown     Code = "outcome-unknown"
	JurisdictionNeeded Code = "jurisdiction-needed"
	AgencyNeeded       Code = "agency-needed"
	UnknownAgency      Code = "unknown-agency"
	NotProvider        Code = "not-provider"
	QuotaSpent         Code = "quota-spent"
	AgencyTaken        Code = "agency-taken"
	NoAgency           Code = "no-agency"
	AgencyNotListed    Code = "agency-not-listed"
	AgencyListMissing  Code = "agency-list-missing"
	AgencyListRefused  Code = "agency-list-refused"
	AgenciesFull       Code = "agencies-full"
)

var requestProblems = []problem{
	{
		number: 1, code: IDSeen, status: http.StatusConflict,
		zh: parts{"请求已处理过", "该请求标识已经使用过，本次请求未再执行", "请求标识（Idempotency-Key）",
			"如需再次查询，请换用新的请求标识重新提交"},
		en: parts{"Request already handled", "this request id was used before, so the request was not carried out again",
			"the request id (Idempotency-Key)", "to ask again, send the request with a new id"},
	},
	{
		number: 2, code: IDReused, status: http.StatusConflict,
		zh: parts{"请求标识重复", "同一请求标识此前用于另一项内容不同的请求", "请求标识（Idempotency-Key）",
			"请为每项请求使用各自的标识；重试同一请求时内容不得改动"},
		en: parts{"Request id reused", "the same id was used before for a request with other content",
			"the request id (Idempotency-Key)", "use one id for each request, and change nothing when you try one again"},
	},
	{
		number: 3, code: Expired, status: http.StatusRequestTimeout,
		zh: parts{"请求已过期", "请求到达时已超过其有效期，未执行", "本节点", "请重新提交；如多次出现，请核对两端时钟"},
		en: parts{"Request expired", "the request came after its own end and was not carried out", "this node",
			"send it again; if that does not help, compare the clocks at both ends"},
	},
	{
		number: 4, code: BadRequest, status: http.StatusBadRequest, params: []string{"where", "reason"},
		zh: parts{"请求有误", "请求无法处理：{reason}", "{where}", "请修改后重新提交"},
		en: parts{"Bad request", "the request cannot be handled: {reason}", "{where}",
			"correct it and send it again"},
	},
	{
		number: 5, code: NotFound, status: http.StatusNotFound, params: []string{"what", "where"},
		zh: parts{"未找到", "未找到{what}", "{where}", "请核对名称或编号后重试"},
		en: parts{"Not found", "there is no {what}", "{where}", "check the name or number and try again"},
	},
	{
		number: 169, code: LedgerGone, status: http.StatusGone, params: []string{"entry", "log"},
		zh: parts{"属于以前的账本", "{entry} 属于以前的账本，那个账本已不在；现在的是 {log}。当时没有取得的存证凭证，已无法取得", "{log}",
			"请查找以前保存的凭证文件（已取得的仍可离线验证），或由备份的数据目录取得"},
		en: parts{"Of a ledger from before", "{entry} is of a ledger from before, which is gone; the one of now is {log}. A receipt that nobody fetched then cannot be had any more", "{log}",
			"look for a receipt file that was saved then, which verifies offline as ever, or fetch it from a backup of the data directory"},
	},
	{
		number: 6, code: TooLarge, status: http.StatusRequestEntityTooLarge, params: []string{"where", "size", "limit"},
		zh: parts{"内容过大", "内容超过上限 {limit} 字节（实际字节数：{size}）", "{where}", "请拆分后分次提交"},
		en: parts{"Too large", "the content is larger than {limit} [byte|bytes], the limit (its bytes: {size})", "{where}",
			"split it and send the parts one by one"},
	},
	{
		number: 7, code: Internal, status: http.StatusInternalServerError,
		zh: parts{"内部错误", "节点发生内部错误，请求结果未知", "本节点", "请先查明是否已经办理，再决定是否重做；如再次出现，请管理员查看节点日志"},
		en: parts{"Internal error", "the node met an error of its own, and the outcome of the request is unknown", "this node",
			"see whether it was done before you repeat it; if it happens again, the administrator should read the node's log"},
	},
	{
		number: 8, code: NotReady, status: http.StatusServiceUnavailable, again: true, params: []string{"reason"},
		zh: parts{"尚未就绪", "节点尚不能受理请求：{reason}", "本节点", "请稍后重试；可用 xietong status 查看节点状态"},
		en: parts{"Not ready", "the node cannot take requests yet: {reason}", "this node",
			"try again shortly; `xietong status` tells how the node is"},
	},
	{
		number: 199, code: OutcomeUnknown, status: http.StatusServiceUnavailable,
		zh: parts{"结果未知", "节点未能确认这项请求是否已经办理", "本节点",
			"请先用 xietong status 查看节点状态，再查明是否已经办理（如 record history、dataset show、agency list、host list、keys status），然后才决定是否重做；程序可用同一 Idempotency-Key 重试"},
		en: parts{"Outcome unknown", "the node could not confirm whether this was done", "this node",
			"see with `xietong status` how the node is, then whether it was done (record history, dataset show, agency list, host list, keys status) before you repeat it; a program may send it again under the same Idempotency-Key"},
	},
	{
		number: 9, code: JurisdictionNeeded, status: http.StatusBadRequest, params: []string{"jurisdictions"},
		zh: parts{"未指明行政区划", "本节点承载多个行政区划，请求未指明其中哪一个", "选项 --in",
			"请用 --in 指明其一：{jurisdictions}"},
		en: parts{"Jurisdiction needed", "this node hosts several jurisdictions, and the request names none of them",
			"the flag --in", "name one with --in: {jurisdictions}"},
	},
	{
		number: 10, code: AgencyNeeded, status: http.StatusBadRequest, params: []string{"jurisdiction", "agencies"},
		zh: parts{"未指明部门", "本行政区划登记有多个部门，请求未指明以哪个部门的名义办理", "{jurisdiction}",
			"请用 --as 指明部门编码：{agencies}"},
		en: parts{"Agency needed", "the jurisdiction has several agencies, and the request does not say which of them acts",
			"{jurisdiction}", "name the agency's code with --as: {agencies}"},
	},
	{
		number: 11, code: UnknownAgency, status: http.StatusNotFound, params: []string{"agency", "jurisdiction", "agencies"},
		zh: parts{"部门未登记", "没有编码为 {agency} 的部门", "{jurisdiction}",
			"请核对部门编码，现有部门：{agencies}；新部门由管理员用 xietong agency add 登记"},
		en: parts{"Unknown agency", "there is no agency {agency}", "{jurisdiction}",
			"check the code; there are: {agencies}; the administrator adds a new one with `xietong agency add`"},
	},
	{
		number: 12, code: NotProvider, status: http.StatusForbidden, params: []string{"agency", "dataset", "provider"},
		zh: parts{"非提供部门", "部门 {agency} 不是该数据资源的提供部门，无权办理此项操作", "数据资源 {dataset}",
			"请由提供部门 {provider} 办理"},
		en: parts{"Not the provider", "agency {agency} does not provide this dataset, and only its provider may do this",
			"dataset {dataset}", "ask the provider, {provider}, to do it"},
	},
	{
		number: 13, code: QuotaSpent, status: http.StatusTooManyRequests, again: true, params: []string{"agency", "dataset", "limit", "again"},
		zh: parts{"调用次数已用完", "{agency} 当日可用的 {limit} 次调用（含与他人共用的）已全部用完", "数据资源 {dataset}",
			"请于 {again} 后重试，或与提供部门商定提高上限"},
		en: parts{"Quota spent", "the {limit} [call|calls] a day that {agency} may make, alone or with others, [is|are:limit] used up", "dataset {dataset}",
			"try again after {again}, or agree on a higher limit with the provider"},
	},
	{
		number: 14, code: AgencyTaken, status: http.StatusConflict, params: []string{"agency", "title"},
		zh: parts{"部门代码已被使用", "代码 {agency} 已登记为“{title}”", "部门 {agency}", "另一个部门请换用其他代码；同一部门更正名称：xietong agency rename {agency} 新名称"},
		en: parts{"Agency code taken", "the code {agency} is that of {title} already", "agency {agency}",
			"another agency takes another code, for a code names one agency for ever; to correct the title of this one: `xietong agency rename {agency} TITLE`"},
	},
	{
		number: 15, code: NoAgency, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"没有登记部门", "{jurisdiction}还没有登记任何部门，不能以部门的名义办理", "{jurisdiction}", "请先登记部门：xietong agency add 代码 名称"},
		en: parts{"No agency", "{jurisdiction} has no agency yet that could act", "{jurisdiction}",
			"add one first: xietong agency add CODE TITLE"},
	},
	{
		number: 19, code: AgencyNotListed, status: http.StatusForbidden, params: []string{"agency", "jurisdiction", "number"},
		zh: parts{"部门不在名单上", "{jurisdiction}的第 {number} 号部门名单上没有 {agency}", "{jurisdiction}", "请核对部门代码；新设部门请先在本地登记"},
		en: parts{"Agency not listed", "list {number} of the agencies of {jurisdiction} has no {agency}", "{jurisdiction}",
			"check the code; add a new agency at home first"},
	},
	{
		number: 52, code: AgencyListMissing, status: http.StatusServiceUnavailable, again: true, params: []string{"jurisdiction", "reason"},
		zh: parts{"未取得部门名单", "提供方未能向{jurisdiction}取得其部门名单：{reason}", "{jurisdiction}", "请稍后重试；仍不行的，请检查{jurisdiction}节点的连接"},
		en: parts{"List of agencies missing", "the provider could not get the list of agencies of {jurisdiction}: {reason}", "{jurisdiction}",
			"try again in a moment; if that does not help, check the links of {jurisdiction}"},
	},
	{
		number: 53, code: AgencyListRefused, status: http.StatusForbidden, params: []string{"jurisdiction", "number"},
		zh: parts{"部门名单不符", "请求所指的第 {number} 号部门名单与{jurisdiction}账本中的不一致", "{jurisdiction}", "请重新提交；仍不行的，请{jurisdiction}的管理员检查节点"},
		en: parts{"List of agencies refused", "the request names list {number} of agencies, which is not that of the ledger of {jurisdiction}", "{jurisdiction}",
			"send it again; if that does not help, have the administrator of {jurisdiction} look at its node"},
	},
	{
		number: 588, code: AgenciesFull, status: http.StatusConflict, params: []string{"agency", "limit"},
		zh: parts{"部门已达上限", "部门 {agency} 未登记：一个行政区划历来登记的部门至多 {limit} 个，已撤销的也计入，现已满", "部门 {agency}",
			"已撤销的部门恢复设立的，请沿用原代码：xietong agency add 代码 名称 --again；更名的用 xietong agency rename。都不是的，请由已登记的部门代为提供，或者放到下级：上级为其设立的下级另有自己的部门名单"},
		en: parts{"No room for another agency", "agency {agency} was not added: a jurisdiction may ever add {limit} [agency|agencies], those that ended included, and has added them all", "agency {agency}",
			"an agency that comes back takes its old code: `xietong agency add CODE TITLE --again`; one with a new title, `xietong agency rename`; else have an agency that is there act for it, or add it in a place below, which has a list of its own"},
	},
}
