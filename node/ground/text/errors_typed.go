package text

import "net/http"

// Problems of what a person typed or configured: an address that is taken, a place of another.
const (
	AddressTaken    Code = "address-taken"
	AddressUnusable Code = "address-unusable"

	PlaceUnlisted    Code = "place-unlisted"
	PlaceElsewhere   Code = "place-elsewhere"
	JurisdictionNear Code = "jurisdiction-near"
)

var typedProblems = []problem{
	{
		number: 175, code: AddressTaken, status: http.StatusConflict, params: []string{"address", "file"},
		zh: parts{"地址已被占用", "{address}（UDP）已被另一个程序占用，节点没有启动", "{address}",
			"请停用占用它的程序（如另一个节点），或者在 {file} 中改 listen，再启动节点"},
		en: parts{"Address taken", "another program uses {address} (UDP), and the node was not started", "{address}",
			"end that program, such as another node, or change `listen` in {file}, and start the node again"},
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
		number: 179, code: JurisdictionNear, status: http.StatusNotFound, params: []string{"name", "near"},
		zh: parts{"行政区划名称不全或有误", "不知道“{name}”是哪个行政区划，相近的有：{near}", "行政区划“{name}”",
			"请写全称，或者用 xietong roster list 查看全部名称"},
		en: parts{"Jurisdiction not named exactly", "no jurisdiction is known as \"{name}\"; near it: {near}", "jurisdiction \"{name}\"",
			"write the whole name, or see all names with `xietong roster list`"},
	},
}
