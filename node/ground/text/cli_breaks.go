package text

// The sentences about key sets that broke with the ones before.
const (
	CLIShortTreeConfirm    Code = "cli.short.tree.confirm"
	CLIShortTreeObject     Code = "cli.short.tree.object"
	CLILongTreeConfirm     Code = "cli.long.tree.confirm"
	CLIObjectWhat          Code = "cli.object-what"
	CLILongTreeObject      Code = "cli.long.tree.object"
	CLIFlagFingerprint     Code = "cli.flag.fingerprint"
	CLITreeWaits           Code = "cli.tree.waits"
	CLITreeObjected        Code = "cli.tree.objected"
	CLITreeOldPrint        Code = "cli.tree.old-print"
	CLITreeNewPrint        Code = "cli.tree.new-print"
	CLITreePin             Code = "cli.tree.pin"
	CLITreeEnds            Code = "cli.tree.ends"
	CLITreeEndsByPaper     Code = "cli.tree.ends-by-paper"
	CLITreeToConfirm       Code = "cli.tree.to-confirm"
	CLITreeHowToConfirm    Code = "cli.tree.how-to-confirm"
	CLITreeConfirmed       Code = "cli.tree.confirmed"
	CLITreeObjectionTaken  Code = "cli.tree.objection-taken"
	CLITreeObjectionSigned Code = "cli.tree.objection-signed"
	CLIFlagObjectAt        Code = "cli.flag.object-at"
	CLIFlagObjectOut       Code = "cli.flag.object-out"

	CLIShortTreeAcknowledge Code = "cli.short.tree.acknowledge"
	CLILongTreeAcknowledge  Code = "cli.long.tree.acknowledge"
	CLITreeAcknowledged     Code = "cli.tree.acknowledged"
	CLITreeWitnessed        Code = "cli.tree.witnessed"
	CLITreeUnwitnessed      Code = "cli.tree.unwitnessed"
	CLITreeLost             Code = "cli.tree.lost"
	CLITreeLostOne          Code = "cli.tree.lost-one"
	CLITreeLostFrom         Code = "cli.tree.lost-from"
	CLITreeLostSeveral      Code = "cli.tree.lost-several"
	CLITreeByHand           Code = "cli.tree.by-hand"
	CLITreeLostNow          Code = "cli.tree.lost-now"
	CLITreeLostThen         Code = "cli.tree.lost-then"
	CLITreeEpoch            Code = "cli.tree.epoch"
	CLITreeChildLost        Code = "cli.tree.child-lost"
	CLITreeChildLostSeveral Code = "cli.tree.child-lost-several"
	CLITreeChildLostFrom    Code = "cli.tree.child-lost-from"
)

var breakSentences = []sentence{
	{CLIShortTreeConfirm, "确认下级的下级所换的密钥", "Confirm the new keys of a child of a child"},
	{CLIShortTreeObject, "提交对等待中密钥的异议", "Hand in an objection to keys that wait"},
	{
		CLILongTreeConfirm,
		"NAME 的密钥全部更换时，其上级这一支之外的节点要等 72 小时才采信。先不带 --fingerprint 查看指纹，再致电 NAME 本身（不是其上级）核对，\n一致的，用对方念出的指纹确认：各处立即采信，并记入本账本。只能确认下级的下级",
		"When all keys of NAME changed, nodes outside of its parent's branch wait 72 hours before they believe the new ones. See the\nfingerprint without --fingerprint, telephone NAME itself (not its parent), and confirm with the fingerprint that you were told:\nthen everybody believes it at once, and this ledger records it. Only children of children can be confirmed",
	},
	{
		CLILongTreeObject,
		"对冒用本行政区划名义的密钥提出异议：FILE 写其密钥集标识（xietong tree 所示的 NAME/keys/…），由本节点的旧密钥签署，\n用 --at 直接提交，或用 --out 存为文件，交给别处的管理员。FILE 为这样的文件时，提交到本节点，或用 --at 转交。\n异议有效期间，收到异议的节点不采信该密钥",
		"Object to keys that go by this jurisdiction's name and are not its own: give their key set (NAME/keys/…, as `xietong tree` shows it)\nas FILE. This node signs with its log key, and hands the objection in with --at, or keeps it with --out for an administrator\nelsewhere. Given such a file, it is handed in here, or at another with --at. While it stands, whoever took it does not believe\nthe keys that it names",
	},
	{CLIShortTreeAcknowledge, "记录账本有两种历史一事的处理结果", "Record what came of a ledger with two histories"},
	{
		CLILongTreeAcknowledge,
		"与 NAME 有关的账本被发现有两种历史（同一账本签出了相互矛盾的检查点）时，告警一直显示，直到有人记录处理结果。\n记录存入本账本，告警随之结束；在原纪元内，该账本不再得到见证",
		"Where a ledger that has to do with NAME was found to have two histories (one log signed checkpoints that contradict each other),\nthe alarm stands until somebody records what came of it. That is an entry of this ledger, and ends the alarm; the log is not\ncosigned again in that epoch",
	},
	{CLITreeAcknowledged, "已记录，存证条目 {entry}", "recorded as entry {entry}"},
	{CLITreeWitnessed, "{name}于 {at} 见证了本级账本的前 {size} 条", "witnessed by {name} at {at}: the first {size} [entry|entries] of this ledger"},
	{CLITreeLostNow, "本级账本现为第 {epoch} 纪元（自 {entry} 起）：{what}", "this ledger is in epoch {epoch} (since {entry}): {what}"},
	{CLITreeLostThen, "此前曾开始第 {epoch} 纪元（见 {entry}）：{what}", "before that it began epoch {epoch} (see {entry}): {what}"},
	{CLITreeLost, "{first} 至 {last} 的条目已失去", "the entries from {first} to {last} are lost"},
	{CLITreeLostOne, "条目 {first} 已失去", "entry {first} is lost"},
	{CLITreeLostSeveral, "第 {before} 至 {until} 纪元中 {first} 号至 {last} 号的条目已失去", "the entries {first} to {last} of the epochs {before} to {until} are lost"},
	{CLITreeLostFrom, "自 {first} 起的条目可能已失去，失去多少不明", "the entries from {first} on may be lost, and nobody knows how many"},
	{CLITreeByHand, "其中终止过什么，没有谁全部记着（见 {entry}）：请逐一核对 xietong grant list、xietong agency list、xietong dataset list、xietong tree，当时已终止而现在仍有效的，须人工终止；已核对的不必理会，本提示显示至 {until}",
		"nobody kept all that ended in them (see {entry}): look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`, and end by hand what had ended and stands now; if that is done, there is nothing to do, and this is told until {until}"},
	{CLITreeEpoch, "{name}的账本现为第 {epoch} 纪元：上一纪元末尾的条目已失去，或者曾以新密钥重新开始",
		"the ledger of {name} is in epoch {epoch}: the last entries of the one before are lost, or it began anew with new keys"},
	{CLITreeChildLost, "{name}的账本以第 {epoch} 纪元继续（见 {entry}）：其写明上一纪元第 {from} 至 {to} 号条目已失去，共 {count} 条，其中经本级见证的有 {seen} 条",
		"the ledger of {name} goes on in epoch {epoch} (see {entry}): it names entries {from} to {to} of the epoch before as lost, {count} in all, of which {seen} had been witnessed here"},
	{CLITreeChildLostSeveral, "{name}的账本以第 {epoch} 纪元继续（见 {entry}）：其写明第 {before} 至 {until} 纪元中 {from} 号至 {to} 号的条目已失去，各纪元各有其条目，其中一个纪元经本级见证的有 {seen} 条",
		"the ledger of {name} goes on in epoch {epoch} (see {entry}): it names entries {from} to {to} of the epochs {before} to {until} as lost, each of which had its own; of one of them, {seen} had been witnessed here"},
	{CLITreeChildLostFrom, "{name}的账本以第 {epoch} 纪元继续（见 {entry}）：其写明上一纪元自第 {from} 号起的条目可能已失去，失去多少没有写明",
		"the ledger of {name} goes on in epoch {epoch} (see {entry}): it says that of the epoch before, entries from {from} on may be lost, and not how many"},
	{CLITreeUnwitnessed, "本级账本已存证，尚无其他节点见证", "this ledger is logged, and no other node has witnessed it yet"},
	{CLIObjectWhat, "“{value}”既不是密钥集标识（见等待一方的 xietong tree 所示“新密钥集”），也不是已有的异议文件。异议须由被冒用名义的行政区划用其旧密钥提出；您是旁人的，请致电它，由它执行",
		"{value} is neither a key set (NAME/keys/…, as `xietong tree` shows it where it waits) nor the file of an objection. Only the place whose name is misused can object, with its old keys: if you are another, telephone it, and it does"},
	{CLIFlagFingerprint, "对方在电话中念出的指纹 `TEXT`", "the fingerprint that you were told by telephone, `TEXT`"},
	{CLITreeWaits, "等待：{title}（{name}）的密钥全部更换，{until} 之前不采信（最早见于 {seen}）", "waiting: all keys of {title} ({name}) changed; they are not believed before {until} (first seen {seen})"},
	{CLITreeObjected, "异议：{title}（{name}）的旧密钥否认新密钥，不采信（最早见于 {seen}）", "objected to: the old keys of {title} ({name}) deny the new ones, which are not believed (first seen {seen})"},
	{CLITreeOldPrint, "原指纹：{old}", "fingerprint before: {old}"},
	{CLITreeNewPrint, "新指纹：{new}", "fingerprint now: {new}"},
	{CLITreePin, "新密钥集：{pin}", "new key set: {pin}"},
	{CLITreeEnds, "请致电{title}核对。由{confirmer}执行 xietong tree confirm {name}，或由{title}出示恢复密钥，可立即采信", "telephone {title} and compare; `xietong tree confirm {name}` at {confirmer}, or the recovery key of {title}, ends it at once"},
	{CLITreeEndsByPaper, "请致电{title}核对。由{title}出示恢复密钥，可立即采信；根的下级没有可以确认的一级", "telephone {title} and compare; the recovery key of {title} ends it at once; above a child of the root nobody can confirm"},
	{CLITreeToConfirm, "{title}（{name}）现在的指纹：{fingerprint}", "fingerprint of {title} ({name}) now: {fingerprint}"},
	{CLITreeHowToConfirm, "请致电{title}本身核对；一致的，执行：{xietong} tree confirm {name} --fingerprint '对方念出的指纹' --reason '核对经过'", "telephone {title} itself; if it reads out the same: {xietong} tree confirm {name} --fingerprint 'WHAT YOU WERE TOLD' --reason 'WHO COMPARED'"},
	{CLITreeConfirmed, "已确认{name}的密钥，存证条目 {entry}", "confirmed the keys of {name}, entry {entry}"},
	{CLITreeObjectionSigned, "异议已签署并写入 {file}：请交给有该密钥等待的节点的管理员，由其执行 xietong tree object", "signed, and written to {file}: give it to an administrator where the keys wait, who runs xietong tree object"},
	{CLIFlagObjectAt, "提交给 `NAME`（该处有等待中的密钥）", "hand it in at `NAME`, where the keys wait"},
	{CLIFlagObjectOut, "写入 `FILE`", "write it to `FILE`"},
	{CLITreeObjectionTaken, "已接受异议，不采信所针对的密钥", "objection taken: the keys that it names are not believed"},
}
