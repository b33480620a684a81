package text

import "net/http"

// Problems whose cause is near that of another, and is mended otherwise.
const (
	InvitationNewer   Code = "invitation-newer"
	DirAbsent         Code = "dir-absent"
	AgencyOfEntry     Code = "agency-of-entry"
	AdoptedByOther    Code = "adopted-by-other"
	MeasureOutside    Code = "measure-outside"
	HostedElsewhere   Code = "hosted-elsewhere"
	NoSuchHosted      Code = "no-such-hosted"
	MeasureNeedsGrant Code = "measure-needs-grant"
)

var causeProblems = []problem{
	{
		number: 475, code: InvitationNewer, status: http.StatusBadRequest, params: []string{"reads"},
		zh: parts{"邀请码的版本较新", "这份邀请码由更新版本的程序生成，本程序只能读取以 {reads}- 开头的", "邀请码",
			"请向发来邀请码的一方问明所用的版本，把本机的程序更新到该版本，再重复同一命令"},
		en: parts{"Invitation of a later version", "a later version of the program made this invitation, and this one reads those that begin with {reads}-", "invitation",
			"ask whoever sent it for their version, update the program on this machine to it, and repeat the command"},
	},
	{
		number: 476, code: DirAbsent, status: http.StatusNotFound, params: []string{"dir"},
		zh: parts{"没有这个目录", "没有这个数据目录", "{dir}",
			"请核对路径；节点尚未建成的，有上级的凭邀请码用 xietong join 加入，自立一个体系的用 xietong init 新建；原来有节点的，请从备份恢复整个目录"},
		en: parts{"No such directory", "there is no such data directory", "{dir}",
			"check the path; where no node was made yet, `xietong join` makes one with the invitation of its parent, and `xietong init` one that begins a tree of its own; where there was one, restore the whole directory from a backup"},
	},
	{
		number: 477, code: AgencyOfEntry, status: http.StatusConflict, params: []string{"dataset", "named", "provider"},
		zh: parts{"目录所写的部门不是提供部门", "所给的目录信息中，agency 写的是 {named}，而该数据资源现由 {provider} 提供", "数据资源 {dataset}",
			"请把 agency 改为 {provider}，或者去掉这一项，再由部门 {provider} 发布"},
		en: parts{"Agency of the entry is not the provider", "the entry that was given says agency {named}, and the provider of this dataset is {provider} now", "dataset {dataset}",
			"make agency {provider}, or leave it out, and have {provider} publish it"},
	},
	{
		number: 590, code: AdoptedByOther, status: http.StatusConflict, params: []string{"dataset", "agency", "provider"},
		zh: parts{"已由另一部门提供", "该数据资源在本地已由部门 {provider} 提供，部门 {agency} 不能再采用", "数据资源 {dataset}",
			"由 {provider} 采用的，请用 --as {provider} 重新执行；改由 {agency} 提供的，请先用 xietong dataset move 转移"},
		en: parts{"Another agency provides it", "this dataset is provided here by agency {provider} already, so agency {agency} cannot adopt it", "dataset {dataset}",
			"act for that agency with `--as {provider}`, or have the dataset moved to {agency} first: `xietong dataset move`"},
	},
	{
		number: 478, code: MeasureOutside, status: http.StatusBadRequest, params: []string{"dataset", "measure", "field", "fields"},
		zh: parts{"统计的数据项不在所授之列", "统计 {measure} 的数据项 {field} 不在所授的数据项之列：{fields}", "数据资源 {dataset}",
			"请在 --fields 中加上 {field}；不授予它的，请去掉这项统计"},
		en: parts{"Measure of a field that is not given", "{measure} is of the field {field}, which is not among the fields that are given: {fields}", "dataset {dataset}",
			"add {field} to --fields; or, if it is not to be given, leave the measure out"},
	},
	{
		number: 482, code: HostedElsewhere, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"有自己的节点", "{name}已用自己的节点加入，不由本节点承载", "{name}",
			"要与它断开的，请执行 xietong withdraw {name} --reason 理由"},
		en: parts{"It has a node of its own", "{name} joined with a node of its own, and is not hosted by this one", "{name}",
			"to cut it off, run `xietong withdraw {name} --reason REASON`"},
	},
	{
		number: 483, code: NoSuchHosted, status: http.StatusNotFound, params: []string{"name", "where", "jurisdictions"},
		zh: parts{"没有承载该行政区划", "所承载的行政区划中没有“{name}”", "{where}", "请核对名称，所承载的有：{jurisdictions}"},
		en: parts{"Not among those hosted", "\"{name}\" is none of the jurisdictions that are hosted there", "{where}", "check the name; there are: {jurisdictions}"},
	},
	{
		number: 484, code: MeasureNeedsGrant, status: http.StatusForbidden, params: []string{"fields", "purpose", "dataset", "provider", "name", "give"},
		zh: parts{"这样统计须先取得共享权限", "标准目录准许上级直接统计全部记录，并按这些数据项分组：{fields}；加条件的、按其他数据项分组的，须有提供部门人工授予的共享权限，本部门没有用于 {purpose} 的", "数据资源 {dataset}",
			"请去掉条件，或者改按上述数据项分组；确有需要的，请向{name}的提供部门 {provider} 提出（《政务数据共享条例》第二十一条），同意的，由其执行：" +
				"{give} --until 期限 --basis 依据 --paper 文号"},
		en: parts{"Measure needs a grant", "by the standard, those above measure all records without a grant, by these fields: {fields}; with a condition, or by another field, this needs a grant by hand, and your agency holds none for the purpose {purpose}", "dataset {dataset}",
			"leave the condition out, or group by one of these fields; if it is needed so, ask the provider, {provider} of {name} (Regulation on Government Data Sharing, article 21), which gives one with `{give} --until DATE --basis BASIS --paper PAPER`"},
	},
}
