package text

import "net/http"

// Problems of joining a tree.
const (
	InvitationUnknown  Code = "invitation-unknown"
	InvitationExpired  Code = "invitation-expired"
	InvitationRedeemed Code = "invitation-redeemed"
	AlreadyJoined      Code = "already-joined"
	NotEndorsed        Code = "not-endorsed"

	EndorsementWithdrawn Code = "endorsement-withdrawn"
	EndorsementUnknown   Code = "endorsement-unknown"

	KeySetOld      Code = "key-set-old"
	OtherTree      Code = "other-tree"
	ParentMismatch Code = "parent-mismatch"
	ChildMismatch  Code = "child-mismatch"
	NotPossessed   Code = "not-possessed"

	InvitationCancelled Code = "invitation-cancelled"
	InvitationMalformed Code = "invitation-malformed"
	InvitationOther     Code = "invitation-other"
	PlaceUnknown        Code = "place-unknown"
	ClockApart          Code = "clock-apart"
	NotListening        Code = "not-listening"
	ParentSilent        Code = "parent-silent"
	ParentNotThere      Code = "parent-not-there"
	ParentVersion       Code = "parent-version"
	ParentBroken        Code = "parent-broken"
	ParentUnreached     Code = "parent-unreached"
	ParentUnproven      Code = "parent-unproven"
	JurisdictionUnknown Code = "jurisdiction-unknown"
)

var joinProblems = []problem{
	{
		number: 81, code: InvitationUnknown, status: http.StatusForbidden, params: []string{"jurisdiction"},
		zh: parts{"邀请无效", "上级没有发出过这份邀请，或者已经收回，或者已经用更新的邀请取代了它", "{jurisdiction}", "请上级重新执行 xietong invite，并使用新的邀请码"},
		en: parts{"Unknown invitation", "the parent never gave this invitation, or took it back, or has replaced it by a newer one",
			"{jurisdiction}", "ask the parent to run `xietong invite` again, and use the new invitation"},
	},
	{
		number: 440, code: InvitationCancelled, status: http.StatusForbidden, params: []string{"name", "jurisdiction", "entry"},
		zh: parts{"邀请已被收回", "上级已经收回给{name}的这份邀请，事由记录在上级的账本中（{entry}）", "{jurisdiction}",
			"请与上级电话核对；确需加入的，请上级重新执行 xietong invite {name}，并使用新的邀请码"},
		en: parts{"Invitation taken back", "the parent took this invitation of {name} back; its ledger says why ({entry})", "{jurisdiction}",
			"call the parent; if {name} is to join, it runs `xietong invite {name}` again: use the new invitation"},
	},
	{
		number: 82, code: InvitationExpired, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"邀请已过期", "给{name}的邀请已经过期", "{jurisdiction}", "请上级重新执行 xietong invite {name}"},
		en: parts{"Invitation expired", "the invitation of {name} has ended", "{jurisdiction}",
			"ask the parent to run `xietong invite {name}` again"},
	},
	{
		number: 83, code: InvitationRedeemed, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"邀请已被另一套密钥使用", "{name}已经用另一套密钥加入，或者有人冒用了这份邀请", "{jurisdiction}",
			"请先与上级电话核对；确需更换密钥的，由上级执行 xietong invite {name} --rekey"},
		en: parts{"Invitation used by other keys", "{name} has joined with another key set, or somebody else used its invitation",
			"{jurisdiction}", "call the parent first; if the keys must change, it runs `xietong invite {name} --rekey`"},
	},
	{
		number: 84, code: AlreadyJoined, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"已经加入", "{name}已经加入", "{jurisdiction}",
			"无需再次邀请；确需更换密钥的，请执行 xietong invite {name} --rekey"},
		en: parts{"Already joined", "{name} has joined already", "{jurisdiction}",
			"it needs no invitation; if its keys must change, run `xietong invite {name} --rekey`"},
	},
	{
		number: 85, code: NotEndorsed, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"没有有效背书", "上级没有为{name}背书，或者已经撤回", "{jurisdiction}", "请上级用 xietong tree 查看，需要时重新邀请"},
		en: parts{"Not endorsed", "the parent does not vouch for {name}, or no longer does", "{jurisdiction}",
			"the parent sees it with `xietong tree`, and may invite it again"},
	},
	{
		number: 165, code: EndorsementWithdrawn, status: http.StatusForbidden, params: []string{"name", "jurisdiction", "entry"},
		zh: parts{"上级已撤回背书", "{jurisdiction}已撤回对{name}的背书（存证条目 {entry}），各地因此不再与{name}往来", "{jurisdiction}",
			"请致电{jurisdiction}问明原因。要恢复的，由{jurisdiction}执行 xietong invite {name}，{name}停止节点，在原数据目录执行 xietong join TOKEN 后再启动。密钥和数据都保留"},
		en: parts{"Endorsement withdrawn", "{jurisdiction} has withdrawn its endorsement of {name}, by entry {entry}, so nobody deals with {name} any more", "{jurisdiction}",
			"telephone {jurisdiction} and ask why. To bring it back, {jurisdiction} runs `xietong invite {name}`, and {name} stops its node, runs `xietong join TOKEN` in the same data directory and starts it. Keys and data stay"},
	},
	{
		number: 166, code: EndorsementUnknown, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"上级没有本方的背书", "{jurisdiction}现在的账本里没有对{name}的背书：{jurisdiction}启用了背书之前的备份，或者丢失密钥、数据后重新开始；无论哪种，都须重新邀请{name}", "{jurisdiction}",
			"请致电{jurisdiction}，由其执行 xietong invite {name}；{name}停止节点，在原数据目录执行 xietong join TOKEN 后再启动：密钥和数据都保留。{jurisdiction}两者都没有做过的，可能有人冒用其名义，请报告{jurisdiction}的上级"},
		en: parts{"The parent knows no endorsement", "the ledger that {jurisdiction} has now holds no endorsement of {name}: {jurisdiction} was put back to a backup from before it, or began anew because it lost its keys or its data; in both cases it has to invite {name} again", "{jurisdiction}",
			"telephone {jurisdiction} and have it run `xietong invite {name}`; {name} stops its node, runs `xietong join TOKEN` in the same data directory and starts it: keys and data stay. If {jurisdiction} did neither, somebody may speak in its name: tell the level above it"},
	},
	{
		number: 86, code: KeySetOld, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"密钥集已过时", "{name}出示的密钥集比上级所知的旧", "{name}", "请在{name}检查数据目录是否由旧备份恢复"},
		en: parts{"Old key set", "{name} shows a key set that is older than the one its parent knows", "{name}",
			"see whether the data directory of {name} was restored from an old backup"},
	},
	{
		number: 87, code: OtherTree, status: http.StatusConflict, params: []string{"jurisdiction", "root"},
		zh: parts{"已属于另一棵树", "本行政区划已经加入根为 {root} 的体系，这份邀请出自另一个体系或者另一个上级；没有作任何改动", "{jurisdiction}",
			"请向上级核对邀请码和其中的根指纹；确要改属另一个体系的，请在另一个空目录加入"},
		en: parts{"Part of another tree", "this jurisdiction has joined the tree of the root {root}, and the invitation is of another tree or another parent; nothing was changed", "{jurisdiction}",
			"compare the invitation and its root's fingerprint with the parent; to belong to another tree instead, join in another, empty directory"},
	},
	{
		number: 88, code: InvitationMalformed, status: http.StatusBadRequest, params: []string{"reason"},
		zh: parts{"邀请码有误", "这不是完整的邀请码：{reason}", "邀请码", "请从上级发来的文字中完整复制以 xt1- 开头的一行"},
		en: parts{"Malformed invitation", "this is no whole invitation: {reason}", "invitation",
			"copy the whole line that begins with xt1- from what the parent sent"},
	},
	{
		number: 407, code: InvitationOther, status: http.StatusConflict, params: []string{"invited", "endorsed", "parent"},
		zh: parts{"邀请码与背书不符", "邀请码中写的是“{invited}”，{parent}背书的是“{endorsed}”，邀请码可能在转交途中被改动；已生成的密钥都在，没有丢失", "邀请码",
			"请直接向{parent}索取邀请码，在同一数据目录重新执行 xietong join"},
		en: parts{"Not what was endorsed", "the invitation says \"{invited}\", and {parent} endorsed \"{endorsed}\": it may have been changed on its way; the keys that were made are kept", "invitation",
			"get the invitation from {parent} itself, and run xietong join again with the same data directory"},
	},
	{
		number: 89, code: ParentMismatch, status: http.StatusForbidden, params: []string{"name", "reason"},
		zh: parts{"对方不是邀请中的上级", "应答者不能证明自己是邀请中的 {name}：{reason}", "{name}", "不要继续；请与 {name} 电话核对地址和根指纹"},
		en: parts{"Not the parent of the invitation", "whoever answered cannot prove to be {name}: {reason}", "{name}",
			"do not go on; call {name} and compare the address and the root's fingerprint"},
	},
	{
		number: 90, code: ChildMismatch, status: http.StatusForbidden, params: []string{"name", "claimed"},
		zh: parts{"名称与邀请不符", "邀请是给{name}的，对方自称 {claimed}", "{name}", "请使用发给本行政区划的邀请码"},
		en: parts{"Not who was invited", "the invitation is for {name}, and {claimed} came with it", "{name}",
			"use the invitation that was given to this jurisdiction"},
	},
	{
		number: 91, code: PlaceUnknown, status: http.StatusNotFound, params: []string{"name", "parent", "near"},
		zh: parts{"名录中没有该下级", "名录中{parent}没有名为“{name}”的下级", "{parent}",
			"请核对名称（相近的有：{near}）；名录之外的区划，请用 --label、--code、--level 给出"},
		en: parts{"Not in the roster", "the roster has no place \"{name}\" directly below {parent}", "{parent}",
			"check the name (near it: {near}); for a place outside the roster give --label, --code and --level"},
	},
	{
		number: 92, code: ClockApart, status: http.StatusConflict, params: []string{"offset", "name"},
		zh: parts{"时钟相差过大", "本机时钟与{name}相差 {offset}", "本机", "请先校准本机时钟（如 timedatectl set-ntp true），再重复同一命令；邀请仍然有效"},
		en: parts{"Clocks apart", "this machine's clock is {offset} off that of {name}", "this machine",
			"set the clock (timedatectl set-ntp true) and repeat the command; the invitation is still good"},
	},
	{
		number: 93, code: NotPossessed, status: http.StatusForbidden, params: []string{"name"},
		zh: parts{"不能证明持有密钥", "对方不能证明持有{name}密钥集的私钥", "{name}", "请在持有密钥的机器上重新执行 xietong join"},
		en: parts{"Keys not proven", "whoever came could not prove to hold the keys of {name}", "{name}",
			"repeat `xietong join` on the machine that holds the keys"},
	},
	{
		number: 94, code: NotListening, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"节点没有监听地址", "本节点没有供下级连接的地址", "{jurisdiction}",
			"请停止节点，在 config.yaml 中写明 listen（如 0.0.0.0:7400），再启动并重复本命令"},
		en: parts{"Node does not listen", "this node has no address for its children to dial", "{jurisdiction}",
			"stop the node, set `listen` in config.yaml (such as 0.0.0.0:7400), start it and repeat the command"},
	},
	{
		number: 95, code: ParentSilent, status: http.StatusServiceUnavailable, params: []string{"address", "name"},
		zh: parts{"上级没有应答", "{name}在 {address}（UDP）没有应答", "{address}",
			"请{name}的管理员看节点是否在运行，以及地址是否仍是 {address}（变更过的，请其重新邀请）；两者都对的，多半是防火墙拦截了 UDP，请把防火墙申请交给网络管理部门。什么都没有改变，邀请仍然有效，随后重复同一命令"},
		en: parts{"No answer from the parent", "no answer from {address} on UDP, where {name} should be", "{address}",
			"the administrator of {name} should see whether its node runs, and is still at {address} (if it moved, it invites anew); if both hold, a firewall most likely drops UDP: give the firewall request to your network office. Nothing was changed, and the invitation is still good; then repeat the command"},
	},
	{
		number: 96, code: ParentNotThere, status: http.StatusServiceUnavailable, params: []string{"address", "name"},
		zh: parts{"该地址没有上级节点", "{address} 有节点应答，但不承载{name}", "{address}", "请与{name}核对地址，需要时请其重新邀请"},
		en: parts{"Another node at the address", "a node answers at {address}, and it does not host {name}", "{address}",
			"compare the address with {name}, and ask for a new invitation if it has moved"},
	},
	{
		number: 97, code: ParentVersion, status: http.StatusServiceUnavailable, params: []string{"address", "name"},
		zh: parts{"协议版本不同", "{name}（{address}）使用另一版本的协议", "{address}", "请与{name}使用同一版本的程序"},
		en: parts{"Another version", "{name} at {address} speaks another version of the protocol", "{address}",
			"use the same version of the program as {name}"},
	},
	{
		number: 98, code: ParentBroken, status: http.StatusServiceUnavailable, again: true, params: []string{"address", "name", "reason"},
		zh: parts{"与上级的连接中断", "与{name}（{address}）的连接没有建立：{reason}", "{address}", "请稍后重复同一命令；邀请仍然有效"},
		en: parts{"Connection to the parent broken", "the connection to {name} at {address} came to nothing: {reason}", "{address}",
			"repeat the command later; the invitation is still good"},
	},
	{
		number: 125, code: ParentUnreached, status: http.StatusServiceUnavailable, params: []string{"name", "tries"},
		zh: parts{"没有一个地址通向上级", "试过{name}的每个地址，均未连通：{tries}", "{name}",
			"no-answer 多为防火墙拦截 UDP：请把防火墙申请交给网络管理部门，放行后重复同一命令；其余请与{name}核对地址。邀请仍然有效"},
		en: parts{"No address leads to the parent", "every address of {name} was tried, and none led to it: {tries}", "{name}",
			"no-answer is mostly a firewall that drops UDP: give the firewall request to your network office, then repeat the command; for the rest, compare the addresses with {name}; the invitation is still good"},
	},
	{
		number: 485, code: ParentUnproven, status: http.StatusServiceUnavailable, again: true, params: []string{"name", "jurisdiction", "reason"},
		zh: parts{"应答者尚未证明身份", "{name}的地址上有节点应答，但还没有证明自己就是{name}；它的说法未经证实：{reason}", "{jurisdiction}",
			"请稍后重复同一命令；仍然如此的，请与{name}电话核对地址，并请其管理员查看节点日志。什么都没有改变，邀请仍然有效"},
		en: parts{"Whoever answered has proven nothing yet", "a node answers at the address of {name} and has not proven to be {name}; what it says is unproven: {reason}", "{jurisdiction}",
			"repeat the command later; if it stays so, call {name}, compare the address, and have its administrator look at the node's log; nothing was changed, and the invitation is still good"},
	},
	{
		number: 99, code: JurisdictionUnknown, status: http.StatusNotFound, params: []string{"name"},
		zh: parts{"行政区划不明", "没有叫“{name}”的行政区划，也没有相近的", "行政区划“{name}”", "请核对名称：可写全称、简称、代码或完整名称（如 nanming.guiyang.guizhou），也可连同上级一起写；全部名称见 xietong roster list"},
		en: parts{"Jurisdiction unknown", "no jurisdiction is called \"{name}\", nor nearly so", "jurisdiction \"{name}\"",
			"check the name: its full or short name, its code or its whole name (such as nanming.guiyang.guizhou) will do, also after the place above it; `xietong roster list` has all names"},
	},
}
