package text

import "net/http"

// Problems of a roster.
const (
	RosterAwaited Code = "roster-awaited"
	RosterInvalid Code = "roster-invalid"
	RosterMoved   Code = "roster-moved"
	RosterNotRoot Code = "roster-not-root"
	RosterFaulty  Code = "roster-faulty"

	RosterOtherRoot Code = "roster-other-root"
	PlaceAmbiguous  Code = "place-ambiguous"
	RosterCodeMoved Code = "roster-code-moved"
	RosterPlanMoved Code = "roster-plan-moved"
	ProvinceUnknown Code = "province-unknown"
	RosterOvertaken Code = "roster-overtaken"
	RosterRootOther Code = "roster-root-other"

	RosterDamaged      Code = "roster-damaged"
	RosterDamagedBelow Code = "roster-damaged-below"
	RosterUnreadable   Code = "roster-unreadable"
)

var rosterProblems = []problem{
	{
		number: 100, code: RosterInvalid, status: http.StatusUnprocessableEntity, params: []string{"reason"},
		zh: parts{"名录有误", "这份名录不能发布：{reason}", "名录文件", "请对照 xietong roster list -o csv 的格式改正：上级在前，代码和名称各不重复，名称一经使用不得改动"},
		en: parts{"Invalid roster", "the list cannot be published: {reason}", "the file",
			"mend it after the form of `xietong roster list -o csv`: parents first, no code or name twice, and no code of another place than before"},
	},
	{
		number: 101, code: RosterMoved, status: http.StatusConflict, params: []string{"number"},
		zh: parts{"名录已更新", "名录已经是第 {number} 版，这一版以更早的为准", "名录", "请核对现行名录，再发布一次"},
		en: parts{"Roster moved", "the roster is number {number} by now, and this one follows an earlier one", "the roster",
			"look at the list as it is now, and publish again"},
	},
	{
		number: 102, code: RosterNotRoot, status: http.StatusForbidden, params: []string{"jurisdiction", "root"},
		zh: parts{"名录只由根发布", "名录由体系的根 {root} 发布，并且以它为首", "{jurisdiction}", "请由{root}的部门发布"},
		en: parts{"Not the root", "the roster of a tree is published by its root, {root}, which stands first in it", "{jurisdiction}",
			"have an agency of {root} publish it"},
	},
	{
		number: 365, code: RosterFaulty, status: http.StatusUnprocessableEntity, params: []string{"mistakes"},
		zh: parts{"名录文件有误", "{mistakes}", "名录文件", "请逐行改正后重试；各列的写法见 docs/zh/roster.md"},
		en: parts{"Faults in the roster file", "{mistakes}", "the file", "mend these lines, and try again; docs/roster.md says what each column holds"},
	},
	{
		number: 366, code: ProvinceUnknown, status: http.StatusNotFound, params: []string{"name", "provinces"},
		zh: parts{"没有该省份", "没有名为“{name}”的省、自治区或直辖市", "选项 --province", "请用下列之一，或其代码、标签：{provinces}"},
		en: parts{"Unknown province", "there is no province \"{name}\"", "the flag --province", "use one of these, or its code or label: {provinces}"},
	},
	{
		number: 367, code: RosterOtherRoot, status: http.StatusBadRequest, params: []string{"name", "title", "root"},
		zh: parts{"名录的根是另一处", "名录以{title}（{root}）为根，而给出的是“{name}”", "参数 NAME", "请省去 NAME，或改用以“{name}”为根的名录"},
		en: parts{"The roster has another root", "the root of the list is {title} ({root}), and \"{name}\" was given", "the argument NAME",
			"leave NAME out, or bring a list whose root is {name}"},
	},
	{
		number: 368, code: PlaceAmbiguous, status: http.StatusBadRequest, params: []string{"name", "near"},
		zh: parts{"名称不唯一", "“{name}”可能是：{near}", "参数 NAME", "请用其中一个的完整名称"},
		en: parts{"Several places", "\"{name}\" may be: {near}", "the argument NAME", "give the whole name of one of them"},
	},
	{
		number: 369, code: RosterCodeMoved, status: http.StatusUnprocessableEntity, params: []string{"code", "title", "was", "now"},
		zh: parts{"名称不能改动", "代码 {code}（{title}）在现行名录中是 {was}，在新名录中成了 {now}；名称一经使用不得改动", "代码 {code}",
			"请恢复其上级和标签；确已改隶另一上级的，请作为新的行政区划另用代码，并去掉原来的一行"},
		en: parts{"Names are permanent", "the code {code} ({title}) is that of {was} in the roster in force, and that of {now} in the new one; a name never changes", "the code {code}",
			"put its parent and label back; a place that came under another parent is a new one, with a code of its own, and the old line goes"},
	},
	{
		number: 370, code: RosterPlanMoved, status: http.StatusConflict, params: nil,
		zh: parts{"未按所见发布", "没有给出将要发布的名录的变动（hash），或者此后名录又有变化；未作任何改动", "名录", "请重新查看变动后再确认：POST /v1/roster/plan，再把所得 hash 作为 plan 一并提交"},
		en: parts{"Not as it was shown", "the hash of what the list would change was not given, or the roster is another by now; nothing was changed", "the roster",
			"look at it again, and then publish: POST /v1/roster/plan gives a hash, which goes along as plan"},
	},
	{
		number: 371, code: RosterOvertaken, status: http.StatusConflict, params: nil,
		zh: parts{"另一份名录抢先", "存入这份名录期间，另一份名录先到了；未作任何改动", "名录", "请核对现行名录，再发布一次"},
		en: parts{"Another roster came first", "while this list was being stored, another one came; nothing was changed", "the roster",
			"look at the list as it is now, and publish again"},
	},
	{
		number: 360, code: RosterRootOther, status: http.StatusUnprocessableEntity, params: []string{"name", "title", "root", "label"},
		zh: parts{"名录不从本体系的根开始", "名录从{title}（{name}）开始，而本体系的根是{root}", "名录文件",
			"请只保留{root}及其以下各行，把它的标签写成完整名称 {label}，上级留空；现行名录（xietong roster list）即如此"},
		en: parts{"The roster begins elsewhere", "the list begins with {title} ({name}), and the root of this tree is {root}", "the file",
			"keep the lines of {root} and of the places below it, give its line the whole name {label} as label and no parent, as the list in force has it (`xietong roster list`)"},
	},
	{
		number: 457, code: RosterDamaged, status: http.StatusInternalServerError, params: []string{"jurisdiction", "number"},
		zh: parts{"现行名录有损坏", "现行的第 {number} 版名录在本节点有损坏，读不出，暂以更早的名录代替", "{jurisdiction}",
			"请用发布这一版的文件再执行一次 xietong roster publish：损坏的部分随即补上，不产生新版。文件不在的，可在任一下级执行 xietong roster list -o csv 导出。并请检查磁盘"},
		en: parts{"Roster in force damaged", "the roster in force, number {number}, is damaged at this node and cannot be read; an earlier list stands in for it", "{jurisdiction}",
			"run `xietong roster publish` once more with the file of that number: what is damaged is stored again, and no new number is made. Where the file is gone, `xietong roster list -o csv` at any place below gives it. And check the disk"},
	},
	{
		number: 458, code: RosterDamagedBelow, status: http.StatusInternalServerError, params: []string{"jurisdiction", "number"},
		zh: parts{"现行名录有损坏", "现行的第 {number} 版名录在本节点有损坏，读不出，暂以更早的名录代替", "{jurisdiction}",
			"与上级连通后自动重新取得，不必另行操作；请检查磁盘"},
		en: parts{"Roster in force damaged", "the roster in force, number {number}, is damaged at this node and cannot be read; an earlier list stands in for it", "{jurisdiction}",
			"it comes again by itself once there is a link to the parent; check the disk"},
	},
	{
		number: 459, code: RosterUnreadable, status: http.StatusInternalServerError, params: []string{"jurisdiction", "number"},
		zh: parts{"现行名录读不出", "现行的第 {number} 版名录在本节点有损坏，连清单也读不出，不能在它之后发布名录；暂以更早的名录代替", "{jurisdiction}",
			"请检查磁盘，并从备份恢复整个数据目录"},
		en: parts{"Roster in force unreadable", "the roster in force, number {number}, is damaged at this node, and its manifest cannot be read either, so that no list can follow it; an earlier list stands in for it", "{jurisdiction}",
			"check the disk, and restore the data directory from a backup"},
	},
	{
		number: 474, code: RosterAwaited, status: http.StatusServiceUnavailable, again: true, params: []string{"name"},
		zh: parts{"名录尚未收到", "还不能确定“{name}”是哪里：本节点尚未从上级收到名录，程序自带的名录中没有这个名称", "{name}",
			"名录与上级连通后自动下发，请稍候再试；用完整名称（如 nanming.guiyang.guizhou）的不必等待。久未收到的，请用 xietong status 查看与上级的连接"},
		en: parts{"The roster has not come yet", "which place {name} is cannot be said yet: no roster has come from the parent, and the list of the program has no such name", "{name}",
			"it comes by itself once there is a link to the parent: try again shortly, or use the whole name (such as nanming.guiyang.guizhou); if it does not come, see the link with `xietong status`"},
	},
}
