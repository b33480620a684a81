package text

import "net/http"

// Problems of what a person typed or configured: an address that is taken, a place of another.
const (
	AddressTaken    Code = "address-taken"
	AddressTakenBy  Code = "address-taken-by"
	AddressUnusable Code = "address-unusable"
	SocketTaken     Code = "socket-taken"
	SocketReplaced  Code = "socket-replaced"

	PlaceUnlisted    Code = "place-unlisted"
	PlaceElsewhere   Code = "place-elsewhere"
	PlaceItself      Code = "place-itself"
	JurisdictionNear Code = "jurisdiction-near"

	LevelUnknown Code = "level-unknown"
	NotHosted    Code = "not-hosted-here"
	PlaceTaken   Code = "place-taken"
	NotAQuestion Code = "not-a-question"
)

var typedProblems = []problem{
	{
		number: 175, code: AddressTaken, status: http.StatusConflict, params: []string{"address", "file"},
		zh: parts{"地址已被占用", "{address}（UDP）已被另一个程序占用，节点没有启动", "{address}",
			"是哪个程序，系统只对 root 说明：请用 root 执行 ss -lunp 查看；停用它（如另一个节点），或者在 {file} 中改 listen，再启动节点"},
		en: parts{"Address taken", "another program uses {address} (UDP), and the node was not started", "{address}",
			"which one the system tells root alone: run ss -lunp as root; end that program, such as another node, or change `listen` in {file}, and start the node again"},
	},
	{
		number: 431, code: AddressTakenBy, status: http.StatusConflict, params: []string{"address", "file", "pid", "program"},
		zh: parts{"地址已被占用", "{address}（UDP）已被进程 {pid}（{program}）占用，节点没有启动", "{address}",
			"请用 ps -fp {pid} 查看它是什么；停用它（如另一个节点），或者在 {file} 中改 listen，再启动节点"},
		en: parts{"Address taken", "process {pid} ({program}) uses {address} (UDP), and the node was not started", "{address}",
			"see what it is with ps -fp {pid}; end it, such as another node, or change `listen` in {file}, and start the node again"},
	},
	{
		number: 432, code: SocketTaken, status: http.StatusConflict, params: []string{"file"},
		zh: parts{"控制接口的位置被占用", "控制接口的位置上有一个不是接口的文件或文件夹，节点没有动它，也没有启动", "{file}",
			"请查看它是什么，移到别处，再启动节点；这个名称只供节点自己使用"},
		en: parts{"Place of the control socket taken", "where the control socket belongs is a file or folder that is none; the node left it as it is, and was not started", "{file}",
			"see what it is, move it elsewhere, and start the node again; the name is the node's own"},
	},
	{
		number: 439, code: SocketReplaced, status: http.StatusConflict, params: []string{"file"},
		zh: parts{"控制接口被别的文件取代", "控制接口的位置上现在是别的文件或文件夹，因此命令无法送达节点；有进程正在使用该数据目录", "{file}",
			"请将它移到别处，再执行同一命令：节点在运行的，几秒钟内会重新建立接口；仍不答复的，按日志中的提示处理"},
		en: parts{"Another file in place of the control socket", "where the control socket was is another file or folder now, so no command reaches the node; a process holds the data directory", "{file}",
			"move it elsewhere, and run the same command: a running node makes the socket again within seconds; if it still gives no answer, read its log"},
	},
	{
		number: 176, code: AddressUnusable, status: http.StatusBadRequest, params: []string{"address", "file", "reason"},
		zh: parts{"地址不可用", "不能在 {address}（UDP）监听：{reason}，节点没有启动", "{address}",
			"请在 {file} 中把 listen 改为本机的地址（如 0.0.0.0:7400），再启动节点"},
		en: parts{"Unusable address", "the node cannot listen on {address} (UDP) and was not started: {reason}", "{address}",
			"set `listen` in {file} to an address of this machine (such as 0.0.0.0:7400), and start the node again"},
	},
	{
		number: 177, code: PlaceUnlisted, status: http.StatusNotFound, params: []string{"name", "parent"},
		zh: parts{"名录中没有该名称", "名录中没有名为“{name}”的行政区划", "{parent}",
			"请用 xietong roster list 查看名录中的名称；名录之外的区划，请用 --label、--code、--level 给出"},
		en: parts{"Not in the roster at all", "the roster has no place \"{name}\"", "{parent}",
			"see its names with `xietong roster list`; for a place outside the roster give --label, --code and --level"},
	},
	{
		number: 178, code: PlaceElsewhere, status: http.StatusConflict, params: []string{"name", "parent", "jurisdiction"},
		zh: parts{"不是直接下级", "{name}在名录中是{parent}的下级，不是{jurisdiction}的", "{jurisdiction}", "请由{parent}执行 xietong invite {name}"},
		en: parts{"Another's child", "by the roster {name} is a child of {parent}, not of {jurisdiction}", "{jurisdiction}",
			"have {parent} run `xietong invite {name}`"},
	},
	{
		number: 587, code: PlaceItself, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"就是本地", "{name}就是本节点自己，不能邀请自己", "{name}", "请给出它的一个下级；名录中的下级见 xietong roster list"},
		en: parts{"That is this place itself", "{name} is the place of this node, which nobody can invite here", "{name}",
			"name one of those below it: `xietong roster list` has them"},
	},
	{
		number: 179, code: JurisdictionNear, status: http.StatusNotFound, params: []string{"name", "near"},
		zh: parts{"行政区划名称有误", "没有叫“{name}”的行政区划，相近的有：{near}", "行政区划“{name}”",
			"如是其中之一，请照写其名称、代码或完整名称；全部名称见 xietong roster list"},
		en: parts{"Jurisdiction not named exactly", "no jurisdiction is called \"{name}\"; near it: {near}", "jurisdiction \"{name}\"",
			"if it is one of these, write its name, its code or its whole name; `xietong roster list` has all names"},
	},
	{
		number: 180, code: LevelUnknown, status: http.StatusBadRequest, params: []string{"level", "levels"},
		zh: parts{"没有该层级", "没有名为“{level}”的层级", "选项 --level", "请用下列之一：{levels}"},
		en: parts{"Unknown level", "there is no level \"{level}\"", "the flag --level", "use one of: {levels}"},
	},
	{
		number: 181, code: NotHosted, status: http.StatusNotFound, params: []string{"name", "jurisdictions"},
		zh: parts{"本节点不承载该行政区划", "本节点不承载“{name}”", "选项 --in", "请用 --in 指明本节点承载的：{jurisdictions}；或用 --data 指明另一节点的数据目录"},
		en: parts{"Not hosted here", "this node does not host \"{name}\"", "the flag --in", "name with --in one that it hosts: {jurisdictions}; or another node's data directory with --data"},
	},
	{
		number: 182, code: PlaceTaken, status: http.StatusConflict, params: []string{"name", "taken", "place", "jurisdiction"},
		zh: parts{"名称或代码已被使用", "“{name}”的名称或代码已用于{place}（{taken}）", "{jurisdiction}", "如就是它，请不带 --label 邀请；确为另一个，请改用不同的名称和代码"},
		en: parts{"Name or code taken", "the name or code of \"{name}\" is that of {place} ({taken})", "{jurisdiction}",
			"if it is the same place, invite it without --label; if not, give it a name and a code of its own"},
	},
	{
		number: 183, code: NotAQuestion, status: http.StatusUnprocessableEntity, params: []string{"entry", "jurisdiction"},
		zh: parts{"不是查询留痕", "条目 {entry} 不是{jurisdiction}的查询留痕，没有可核对的", "条目 {entry}",
			"请用 xietong ledger audits（不带条目）查看全部；该条目的要素见 xietong ledger entry"},
		en: parts{"Not a question", "entry {entry} records no question of {jurisdiction}, so there is nothing to audit", "entry {entry}",
			"see all with `xietong ledger audits` alone; `xietong ledger entry` tells what that entry is"},
	},
}
