package text

import "net/http"

// Codes of problems with a jurisdiction that is not there: each cause has its own sentence, and its
// own thing to do. exchange/relay gives their numbers.
const (
	PlaceNotJoined Code = "place-not-joined"
	PlaceInvited   Code = "place-invited"
	PlaceWithdrawn Code = "place-withdrawn"
	PlaceExpired   Code = "place-expired"
	PlaceNowhere   Code = "no-such-place"
	PlaceHearsay   Code = "place-hearsay"
)

var absentProblems = []problem{
	{
		number: 355, code: PlaceNotJoined, status: http.StatusNotFound, params: []string{"jurisdiction", "by"},
		zh: parts{"尚未加入", "{jurisdiction}尚未加入，{by}也没有待用的邀请：与它和它的下级都无从联系", "{jurisdiction}",
			"要请它加入的，由{by}执行 xietong invite {jurisdiction}"},
		en: parts{"Never joined", "{jurisdiction} has not joined, and {by} has no invitation waiting for it: neither it nor anybody below it can be reached", "{jurisdiction}",
			"to have it join, {by} runs `xietong invite {jurisdiction}`"},
	},
	{
		number: 356, code: PlaceInvited, status: http.StatusNotFound, params: []string{"jurisdiction", "by", "until"},
		zh: parts{"已受邀请，尚未加入", "{by}已邀请{jurisdiction}（邀请有效至 {until}），它还没有加入：与它和它的下级都无从联系", "{jurisdiction}",
			"请{jurisdiction}用邀请码执行 xietong join TOKEN；邀请码遗失或过期的，由{by}执行 xietong invite {jurisdiction}"},
		en: parts{"Invited, and not joined yet", "{by} has invited {jurisdiction}, until {until}, and it has not joined: neither it nor anybody below it can be reached", "{jurisdiction}",
			"{jurisdiction} runs `xietong join TOKEN` with its invitation; if that is lost or has ended, {by} runs `xietong invite {jurisdiction}`"},
	},
	{
		number: 357, code: PlaceWithdrawn, status: http.StatusForbidden, params: []string{"jurisdiction", "by", "entry", "when", "until"},
		zh: parts{"背书已被撤回", "{by}已撤回对{jurisdiction}的背书（存证条目 {entry}，{when}），各地不再与它和它的下级往来", "{jurisdiction}",
			"请向{by}问明原因；要恢复的，由{by}执行 xietong invite {jurisdiction}，{jurisdiction}在原数据目录执行 xietong join TOKEN；已重新邀请的，用那份邀请码即可"},
		en: parts{"Endorsement withdrawn by its parent", "{by} has withdrawn its endorsement of {jurisdiction} (entry {entry}, {when}): nobody deals with it, nor with anybody below it", "{jurisdiction}",
			"ask {by} why; to bring it back, {by} runs `xietong invite {jurisdiction}`, and {jurisdiction} runs `xietong join TOKEN` in the same data directory; if it is invited anew already, that invitation will do"},
	},
	{
		number: 358, code: PlaceExpired, status: http.StatusForbidden, params: []string{"jurisdiction", "by", "until"},
		zh: parts{"背书已过期", "{by}对{jurisdiction}的背书已于 {until} 过期，没有续期：{jurisdiction}长期没有与{by}联系", "{jurisdiction}",
			"请{jurisdiction}的管理员启动节点，并用 xietong tree 查看与{by}的连接；连上后自动续期"},
		en: parts{"Endorsement ended", "the endorsement of {jurisdiction} by {by} ended {until} and was not renewed: {jurisdiction} was not in touch with {by} for long", "{jurisdiction}",
			"the administrator of {jurisdiction} starts its node and sees the link to {by} with `xietong tree`; once it is up the endorsement is renewed"},
	},
	{
		number: 359, code: PlaceNowhere, status: http.StatusNotFound, params: []string{"jurisdiction", "by"},
		zh: parts{"没有这个行政区划", "没有 {jurisdiction} 这个行政区划：名录未列，{by}也从未邀请过它", "{jurisdiction}",
			"请核对名称；全部名称见 xietong roster list"},
		en: parts{"No such jurisdiction", "there is no jurisdiction {jurisdiction}: the roster does not list it, and {by} never invited it", "{jurisdiction}",
			"check the name; `xietong roster list` has all names"},
	},
	{
		number: 473, code: PlaceHearsay, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "by"},
		zh: parts{"联系不上，原因没有证明", "与{jurisdiction}联系不上：{by}告知它不在体系之内，但没有证明", "{jurisdiction}",
			"请向{jurisdiction}的上级核实；也可用 xietong tree 查看本方的连接"},
		en: parts{"Not reached, for a cause without proof", "{jurisdiction} was not reached: {by} says that it is not in the tree, without proof", "{jurisdiction}",
			"ask the parent of {jurisdiction}; `xietong tree` shows the links from here"},
	},
}

// invitedAnewDo is what to do about a place that was withdrawn, and has an invitation that waits.
var invitedAnewDo = word{
	"请{jurisdiction}在原数据目录用邀请码执行 xietong join TOKEN；邀请码遗失或过期的，由{by}执行 xietong invite {jurisdiction}",
	"{jurisdiction} runs `xietong join TOKEN` with its invitation in the same data directory; if that is lost or has ended, {by} runs `xietong invite {jurisdiction}`",
}

// hostedDo are what to do about a place that was withdrawn, where this node hosts it, or did.
var hostedDo = map[Code]word{
	PlaceWithdrawn: {"它由本节点承载；要恢复的，执行 xietong host add {jurisdiction}，密钥和数据都保留",
		"this node hosts it: to bring it back, run `xietong host add {jurisdiction}`; its keys and data stay"},
	EndorsementWithdrawn: {"{name}由本节点承载，与{jurisdiction}在同一节点；要恢复的，由{jurisdiction}执行 xietong host add {name}，密钥和数据都保留",
		"this node hosts {name}, and {jurisdiction} too: to bring it back, {jurisdiction} runs `xietong host add {name}`; keys and data stay"},
	CutAlready: {"它由本节点承载；要恢复的，执行 xietong host add {name}，密钥和数据都保留",
		"this node hosts it: to bring it back, run `xietong host add {name}`; its keys and data stay"},
}

// unreachableDo says what to do about a jurisdiction that is not reached, by the reason. Only where
// the network may be the cause is it named.
var unreachableDo = map[string]word{
	"not endorsed": {"请用 xietong tree 查看{jurisdiction}的背书是否有效", "see with `xietong tree` whether {jurisdiction} is endorsed"},
	"no-route":     {"请核对名称：它不在本树之内，或者本方尚未加入任何上级（见 xietong tree）", "check the name: it is not in this tree, or this jurisdiction has joined no parent (see `xietong tree`)"},
	"no-link": {"请{jurisdiction}的管理员先看节点是否运行（xietong status）；在运行而连不上的，再查网络和防火墙是否放行 UDP",
		"the administrator of {jurisdiction} should see whether its node runs (`xietong status`); if it runs and does not link, whether network and firewall pass UDP"},
	"no-answer": {"请{jurisdiction}的管理员先看节点是否运行（xietong status）；它变更过地址的，下级须在 config.yaml 中改 parent_address；都对的，再查网络和防火墙是否放行 UDP",
		"the administrator of {jurisdiction} should see whether its node runs (`xietong status`); if its address changed, each child must change parent_address in config.yaml; if neither, whether network and firewall pass UDP"},
	"other-version": {"请两方的管理员把节点升级到同一版本", "the administrators of both should run the same version of the program"},
	"not-hosted":    {"请核对{jurisdiction}的节点地址：应答的是另一个节点", "check the address of {jurisdiction}: another node answers there"},
	"not-known": {"{jurisdiction}的节点刚从备份恢复、迁移或者更换密钥的，几分钟后自行恢复；一直如此的，请用 xietong tree 查看原因，并与{jurisdiction}核对双方的时钟和密钥指纹",
		"if the node of {jurisdiction} was restored, moved or got new keys a moment ago, it takes some minutes; if it stays so, see why with `xietong tree`, and compare clocks and fingerprints of keys with {jurisdiction}"},
	"not-trusted": {"{jurisdiction}的节点刚从备份恢复、迁移或者更换密钥的，几分钟后自行恢复；一直如此的，请用 xietong tree 查看原因，并与{jurisdiction}核对双方的时钟和密钥指纹",
		"if the node of {jurisdiction} was restored, moved or got new keys a moment ago, it takes some minutes; if it stays so, see why with `xietong tree`, and compare clocks and fingerprints of keys with {jurisdiction}"},
	"busy":      {"请稍后重新提出；经常如此的，请{jurisdiction}的管理员查看节点是否过载", "ask again later; if it happens often, the administrator of {jurisdiction} should see whether its node is overloaded"},
	"restarted": {"请重新提出；途中断开的，请求可能已经办理", "ask again; the request may have been served"},
	"ended":     {"请稍后重新提出；途中断开的，请求可能已经办理", "ask again later; the request may have been served"},
	"broken":    {"请稍后重新提出；途中断开的，请求可能已经办理", "ask again later; the request may have been served"},
}
