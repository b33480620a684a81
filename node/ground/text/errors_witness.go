package text

import "net/http"

// Problems of witnessing.
const (
	LedgerForked      Code = "ledger-forked"
	LedgerBehind      Code = "ledger-behind"
	OwnForked         Code = "own-ledger-forked"
	OwnBehind         Code = "own-ledger-behind"
	NoFork            Code = "no-fork"
	CheckpointRefused Code = "checkpoint-refused"
	NoWitness         Code = "no-witness"
	NotWitnessed      Code = "not-witnessed"
	HeadsRefused      Code = "heads-refused"
	HeadsMissing      Code = "heads-missing"
	NoHeads           Code = "no-heads"
	EpochUnproven     Code = "epoch-unproven"
	HeadsHide         Code = "heads-hide"
	EndorsedOther     Code = "endorsed-other"
	EndorsedTwice     Code = "endorsed-twice"
)

var witnessProblems = []problem{
	{
		number: 508, code: LedgerForked, status: http.StatusConflict, params: []string{"name", "size", "entry", "since"},
		zh: parts{"账本有两种历史", "{name}给出的账本与其多数副本此前签署、由本级见证的前 {size} 条不一致：同一账本签出了两种历史（{since} 发现）；证据已存证（{entry}）", "{name}",
			"请致电{name}：该账本可能被改写，或同一目录有两份（其一为复制件）同时运行。查明后由其以新的纪元继续；本级用 xietong tree acknowledge {name} --reason '处理结果' 记录下来"},
		en: parts{"Ledger with two histories", "the ledger that {name} shows does not go on from its first {size} [entry|entries] as the majority of its replicas signed them before, and as witnessed here: one log has signed two histories (found {since}); the evidence is entry {entry}", "{name}",
			"telephone {name}: its ledger was rewritten, or two copies of one directory run. Once that is clear, have it go on in a new epoch, and record here what came of it with `xietong tree acknowledge {name} --reason 'WHAT CAME OF IT'`"},
	},
	{
		number: 509, code: LedgerBehind, status: http.StatusConflict, params: []string{"name", "size", "signed"},
		zh: parts{"账本比已签署的短", "{name}的账本现有 {size} 条，而其多数副本此前签署、由本级见证的有 {signed} 条：可能恢复了较早的备份", "{name}",
			"请告知{name}：本级保存着它签署过的最大检查点，请其在该节点上查看 xietong status 并按提示处理"},
		en: parts{"Ledger shorter than was signed", "the ledger of {name} has {size} [entry|entries], and the majority of its replicas signed {signed} before, as witnessed here: an older backup may have been restored", "{name}",
			"tell {name} that its largest checkpoint is kept here, and have it run `xietong status` on its node and do what that says"},
	},
	{
		number: 510, code: OwnForked, status: http.StatusConflict, params: []string{"name", "size", "entry", "since"},
		zh: parts{"本级账本有两种历史", "{name}见证的本级账本前 {size} 条与本节点的不一致，而两者都由本级密钥签署（{since} 发现）；证据已存证（{entry}）", "{name}",
			"请立即查明：是否有同一数据目录的复制件在运行，或本节点恢复了较早的备份；停用其中一份。只剩本目录、且 xietong status 还提示 copy-forked 的，请执行 xietong ledger continue --reason TEXT：账本以新的纪元继续。记录处理结果：xietong tree acknowledge {name} --reason '处理结果'"},
		en: parts{"This ledger has two histories", "this ledger as {name} witnessed it, up to {size} [entry|entries], is not the one of this node, and the keys of this jurisdiction signed both (found {since}); the evidence is entry {entry}", "{name}",
			"find out at once whether another copy of the data directory runs, or an older backup was restored here, and stop one of the two. Where this one is left, and `xietong status` has `copy-forked` too, run `xietong ledger continue --reason TEXT` here: the ledger goes on in a new epoch. Record what came of it with `xietong tree acknowledge {name} --reason 'WHAT CAME OF IT'`"},
	},
	{
		number: 511, code: OwnBehind, status: http.StatusConflict, params: []string{"name", "size", "signed"},
		zh: parts{"本级账本比已签署的短", "本节点的账本有 {size} 条，而{name}见证过本级签署的 {signed} 条：本节点可能恢复了较早的备份，或是一份旧的复制件", "{name}",
			"请查明是否有更新的一份（另一台机器、另一份备份）。有的，停用本节点，用那一份继续；没有了的，请在此执行 xietong ledger continue --reason TEXT"},
		en: parts{"This ledger is shorter than was signed", "the ledger of this node has {size} [entry|entries], and this jurisdiction signed {signed} before, as witnessed by {name}: an older backup was restored, or this is an old copy", "{name}",
			"see whether a newer copy is left (another machine, another backup). If so, stop this node and go on with that one; if none is left, run `xietong ledger continue --reason TEXT` here"},
	},
	{
		number: 512, code: NoFork, status: http.StatusNotFound, params: []string{"name"},
		zh: parts{"没有待确认的两种历史", "没有发现与{name}有关而尚未确认的账本两种历史", "{name}", "请用 xietong tree 查看告警"},
		en: parts{"No fork to acknowledge", "no two histories of a ledger were found that have to do with {name} and that nobody acknowledged", "{name}", "see `xietong tree` for the alarms"},
	},
	{
		number: 513, code: CheckpointRefused, status: http.StatusUnprocessableEntity, params: []string{"name", "jurisdiction"},
		zh: parts{"检查点未通过验证", "{name}给出的检查点或其一致性证明，{jurisdiction}未能验证，因此没有见证", "{jurisdiction}",
			"刚更换密钥的，稍后会自行恢复；否则请用 xietong keys status 查看{jurisdiction}认定的密钥，并报告本程序的问题"},
		en: parts{"Checkpoint not proven", "{jurisdiction} could not verify the checkpoint that {name} showed, or that its ledger goes on from the one before, and did not cosign it", "{jurisdiction}",
			"after a change of keys this passes by itself; else see with `xietong keys status` which keys {jurisdiction} believes, and report a fault of this program"},
	},
	{
		number: 514, code: NoWitness, status: http.StatusForbidden, params: []string{"name", "jurisdiction"},
		zh: parts{"不由此处见证", "{jurisdiction}只见证由其他节点运行的上级和下级，{name}不是", "{jurisdiction}", "请由{name}的上级或下级见证"},
		en: parts{"Not witnessed here", "a checkpoint of {name} is not for {jurisdiction} to cosign: its parent and its children on other nodes are, and {name} is none of them", "{jurisdiction}", "have the parent or a child of {name} cosign it"},
	},
	{
		number: 515, code: NotWitnessed, status: http.StatusConflict, params: []string{"log"},
		zh: parts{"尚无见证", "账本 {log} 还没有任何检查点得到其他节点见证", "{log}", "等连上由其他节点运行的上级或下级，几分钟后重试；只需本级签署的，不用 --witnessed"},
		en: parts{"Not witnessed yet", "no other node has cosigned a checkpoint of {log} yet", "{log}",
			"wait for the link to the parent or to a child on another node, and try again some minutes later; without --witnessed it is the newest checkpoint that this jurisdiction signed"},
	},
	{
		number: 524, code: HeadsRefused, status: http.StatusUnprocessableEntity, params: []string{"name", "jurisdiction"},
		zh: parts{"要素未通过验证", "{name}报来的账本要素，{jurisdiction}未能用其保存的检查点验证，因此没有收下", "{jurisdiction}",
			"刚更换密钥或{jurisdiction}刚恢复备份的，几分钟后会自行恢复；否则请用 xietong tree 查看账本是否有告警，并报告本程序的问题"},
		en: parts{"Heads not proven", "{jurisdiction} could not prove the heads that {name} sent by the checkpoints that it keeps, and did not take them", "{jurisdiction}",
			"after a change of keys, or where {jurisdiction} was restored from a backup, this passes by itself; else see with `xietong tree` whether there is an alarm about a ledger, and report a fault of this program"},
	},
	{
		number: 525, code: HeadsMissing, status: http.StatusConflict, params: []string{"name", "from", "known", "size"},
		zh: parts{"要素不全", "{name}只有本级账本截至第 {known} 条的要素；从第 {from} 条起遗失、本级曾签署至 {size} 条，其余的无处可取", "{name}",
			"如有更新的备份或复制件，请用那一份；否则，遗失范围内新作的授权、撤销和下级背书须由人逐一确认"},
		en: parts{"Heads not whole", "{name} has the heads of this ledger up to entry {known} only; entries from {from} on are lost, and this jurisdiction signed {size} of them: what was decided in between is known to nobody", "{name}",
			"use a newer backup or copy, if there is one; else a person must look at what may have been granted, revoked or endorsed in that range"},
	},
	{
		number: 364, code: NoHeads, status: http.StatusNotFound, params: []string{"name"},
		zh: parts{"没有其要素", "本级没有{name}账本的要素：只有由其他节点运行的下级，才会把要素逐级报来", "{name}",
			"请用 xietong tree 查看{name}在何处。是由其他节点运行的下级的，它及其以上各级加入、连通并得到见证后几分钟内报来；在此之前其数据已经丢失的，没有任何一方留有要素。由本节点承载的，用 xietong ledger list --in {name} 查看其账本本身。不是下级的，要素不会报到本级，请{name}用 xietong ledger export DIR 导出账本交来，再用 xietong ledger verify DIR 核对"},
		en: parts{"No heads of it", "no heads of the ledger of {name} are known here: only those of jurisdictions below come up, if other nodes run them", "{name}",
			"see with `xietong tree` where {name} is. Below, on another node: heads come up within minutes once it and all between have joined, are linked and are witnessed; if its data were lost before that, nobody keeps any. Hosted by this node: `xietong ledger list --in {name}` lists the ledger itself. Not below: its heads never come here; have {name} make an export with `xietong ledger export DIR`, and check that with `xietong ledger verify DIR`"},
	},
	{
		number: 540, code: EpochUnproven, status: http.StatusConflict, params: []string{"name", "epoch", "log", "signed"},
		zh: parts{"新纪元未能衔接", "{name}的账本以第 {epoch} 纪元继续，但没有证明它由此前签署、由本级见证的 {log} 前 {signed} 条延续而来：其中有条目已不在，却没有写明失去，或者没有给出证明", "{name}",
			"请致电{name}，请其在该节点上查看 xietong status 并按提示处理。在此之前，本级不见证其新纪元，也不收其要素；上一纪元已留存的仍在"},
		en: parts{"Epoch does not go on from the one before", "the ledger of {name} goes on in epoch {epoch}, and does not prove that it goes on from the {signed} [entry|entries] of {log} that the majority of its replicas signed, as witnessed here: some of them are gone and not named as lost, or nothing is proven", "{name}",
			"telephone {name}, and have it run `xietong status` on its node and do what that says. Until then nothing of the new epoch is cosigned here, and its heads are not taken; what is kept of the epoch before stays"},
	},
	{
		number: 552, code: HeadsHide, status: http.StatusConflict, params: []string{"name", "log", "next", "entry", "since"},
		zh: parts{"报来的要素有所隐瞒", "{name}报来的 {log} 要素隐去了条目 {next}：该条目此前已在上一纪元报来，也不在其写明失去的条目之中（{since} 发现）；证据已存证（{entry}）", "{name}",
			"请致电{name}，问清该条目被隐去的原因。此前报来的仍在，用 xietong ledger list --at NAME 查看；在该条目重新报来之前，本级不收这一纪元的要素。这一账本不再继续的（已撤销背书，或以新的密钥另起账本），请执行 xietong tree acknowledge NAME --reason TEXT 结束告警；仍继续而再次隐去的，还会告警"},
		en: parts{"Heads hide what was shown", "the heads of {log} that {name} sent hide entry {next}, which was shown in the epoch before and is not among what is named as lost (found {since}); the evidence is entry {entry}", "{name}",
			"telephone {name}, and ask why that entry is hidden. What was shown before is kept: see `xietong ledger list --at NAME`. No heads of this epoch are taken until it is shown again. If that ledger does not go on (it was withdrawn, or began anew with other keys), `xietong tree acknowledge NAME --reason TEXT` ends the alarm; one that goes on, and hides it again, is told anew"},
	},
	{
		number: 553, code: EndorsedOther, status: http.StatusConflict, params: []string{"name", "jurisdiction", "number", "entry"},
		zh: parts{"背书的密钥与出示的不同", "{name}的账本为{jurisdiction}背书的第 {number} 号密钥集（{entry}），不是本级所认定的那一套：它对上和对下出示的密钥不同", "{name}",
			"请分别致电{name}和{jurisdiction}，核对密钥指纹（xietong keys status）。{name}冒用其名义的，请按程序处理；{jurisdiction}刚以新密钥重新加入的，本级认定新密钥后告警自行消失"},
		en: parts{"Endorses other keys than it shows", "the key set that the ledger of {name} endorses for {jurisdiction} as number {number} (entry {entry}) is not the one by which it is believed here: other keys are shown upward than downward", "{name}",
			"telephone {name} and {jurisdiction}, each by itself, and compare the fingerprint of the keys (`xietong keys status`). If {name} speaks in the name of the other, that is a matter for its superiors; where {jurisdiction} has just joined again with new keys, this passes once they are believed here"},
	},
	{
		number: 554, code: EndorsedTwice, status: http.StatusConflict, params: []string{"name", "jurisdiction", "number", "entry", "next"},
		zh: parts{"同一编号背书了两套密钥", "{name}的账本为{jurisdiction}的第 {number} 号密钥集背书了两套不同的密钥（{entry} 和 {next}），而{jurisdiction}并未重新加入", "{name}",
			"请分别致电{name}和{jurisdiction}，核对密钥指纹（xietong keys status）：其中一套是以其名义伪造的，或者其密钥被盗用。两个条目即为证据"},
		en: parts{"Two key sets endorsed under one number", "the ledger of {name} endorses two different key sets for {jurisdiction} as number {number} (entries {entry} and {next}), and {jurisdiction} did not join again between", "{name}",
			"telephone {name} and {jurisdiction}, each by itself, and compare the fingerprint of the keys (`xietong keys status`): one of the two was made in the name of the other, or its keys were stolen. The two entries are the evidence"},
	},
}
