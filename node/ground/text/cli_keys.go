package text

// Sentences of the verbs about keys.
const (
	CLIShortKeys       Code = "cli.short.keys"
	CLIShortKeysStatus Code = "cli.short.keys-status"
	CLIShortKeysRenew  Code = "cli.short.keys-renew"
	CLIShortKeysRevoke Code = "cli.short.keys-revoke"
	CLILongKeysRevoke  Code = "cli.long.keys-revoke"
	CLIKeysRevokePlan  Code = "cli.keys.revoke-plan"
	CLIKeysRevokeAsk   Code = "cli.keys.revoke-ask"
	CLIKeysNumber      Code = "cli.keys.number"
	CLIKeysPublished   Code = "cli.keys.published"
	CLIKeysUntil       Code = "cli.keys.until"
	CLIKeysSigning     Code = "cli.keys.signing"
	CLIKeysFingerprint Code = "cli.keys.fingerprint"
	CLIKeysEndorsed    Code = "cli.keys.endorsed"
	CLIKeysDenied      Code = "cli.keys.denied"
	CLIKeysRoot        Code = "cli.keys.root"
	CLIKeysRenewed     Code = "cli.keys.renewed"
	CLIKeysRevoked     Code = "cli.keys.revoked"
	CLIKeysRenewedRoot Code = "cli.keys.renewed-root"
	CLIKeysRevokedRoot Code = "cli.keys.revoked-root"
	KeysInUse          Code = "keys.in-use"
	KeysWaiting        Code = "keys.pending"
	KeysCounting       Code = "keys.counting"
	KeysFormer         Code = "keys.former"
	KeysRevoked        Code = "keys.revoked"

	CLIShortKeysAcknowledge Code = "cli.short.keys-acknowledge"
	CLILongKeysAcknowledge  Code = "cli.long.keys-acknowledge"
	CLIKeysAcknowledged     Code = "cli.keys.acknowledged"
	CLIKeysNoAlarm          Code = "cli.keys.no-alarm"
	CLICheckAlarm           Code = "cli.check.alarm"
	CLICheckLead            Code = "cli.check.lead"
	CLICheckHeading         Code = "cli.check.heading"
	CLICheckSummary         Code = "cli.check.summary"
	CLICheckAsked           Code = "cli.check.asked"
	CLICheckAnswer          Code = "cli.check.answer"
	CLICheckAlone           Code = "cli.check.alone"
	CLICheckNever           Code = "cli.check.never"
	CLICheckUnvouched       Code = "cli.check.unvouched"
	CLICheckUnvouchedHosted Code = "cli.check.unvouched-hosted"
	CheckGrandparent        Code = "check.grandparent"
	CheckParent             Code = "check.parent"
	CheckOther              Code = "check.other"
	CheckOurs               Code = "check.ours"
	CheckOthers             Code = "check.others"
	CheckUnknownSigner      Code = "check.unknown-signer"
	CheckOtherRecipient     Code = "check.other-recipient"
	CheckNothing            Code = "check.nothing"
)

var keysSentences = []sentence{
	{CLIShortKeys, "本行政区划的密钥", "The jurisdiction's own keys"},
	{CLIShortKeysStatus, "查看各密钥集及其有效范围", "Tell the key sets, and what counts for how long"},
	{CLIShortKeysRenew, "立即更换签名密钥（每小时最多一次；换恢复密钥的纸不受此限）", "Change the signing key now, at most once an hour; a new paper (--recovery) need not wait"},
	{CLIShortKeysRevoke, "密钥泄露时：立即更换并作废现用密钥", "When keys were stolen: change them now, and end the ones in use"},
	{CLILongKeysRevoke, "制作除日志密钥外的全部新密钥。上级背书之后，此前密钥签署的消息一概不再有效，没有一小时的过渡；以它签署的汇总答复也不能再作证据，已写入账本的条目不受影响。连续两次立即生效，之后须间隔一小时、一天、一周。日志密钥（log.key）泄露时，请改由上级执行 xietong invite NAME --rekey",
		"Makes all keys anew but the log key. From the parent's endorsement on nothing counts any more that the keys before signed in messages, also not for the hour of a renewal; answers signed with them are evidence no more. Entries of the ledger stay good. Two come at once, further ones after an hour, a day, a week. If log.key was stolen, the parent must run `xietong invite NAME --rekey` instead"},
	{CLIKeysRevokePlan, "{name}的第 {number} 号密钥集（{fingerprint}）将作废：以它签署的消息和汇总答复不再有效，没有一小时的过渡；已写入账本的条目不受影响。只有密钥失窃时才需要，平时请用 {xietong} keys renew",
		"key set {number} of {name} ({fingerprint}) will count no more: neither messages nor answers signed with it, also not for the hour of a renewal; entries of the ledger stay good. It is for stolen keys; otherwise use `{xietong} keys renew`"},
	{CLIKeysRevokeAsk, "确定作废？请输入 y 或“是”", "revoke? answer y or yes"},
	{CLIKeysNumber, "编号", "number"},
	{CLIKeysPublished, "发布时间", "published"},
	{CLIKeysUntil, "通话有效至", "calls count until"},
	{CLIKeysSigning, "签名证书到期", "signing ends"},
	{CLIKeysFingerprint, "指纹", "fingerprint"},
	{CLIKeysEndorsed, "上级于 {since} 起背书第 {number} 号密钥集，最近一次续期 {issued}，有效至 {until}",
		"the parent endorses key set {number} since {since}; renewed last {issued}, good until {until}"},
	{CLIKeysDenied, "上级曾于 {since} 起背书第 {number} 号密钥集（最近一次 {issued}），现已表示不再背书，见下面的警报",
		"the parent endorsed key set {number} since {since}, the last time {issued}, and says now that it does so no more: see the alarm below"},
	{CLIKeysRoot, "没有上级：密钥集发布后即生效", "no parent: key sets count once they are published"},
	{CLIKeysRenewed, "已发布第 {number} 号密钥集；上级背书后启用，此前的密钥再有效一小时", "key set {number} is published; it is used once the parent has endorsed it, and the keys before count for an hour more"},
	{CLIKeysRevoked, "已发布第 {number} 号密钥集；上级背书后立即启用，此前的密钥自那时起作废。请用 {xietong} keys status 确认", "key set {number} is published; it is used as soon as the parent has endorsed it, and the keys before count no more from then on: see `{xietong} keys status`"},
	{CLIKeysRenewedRoot, "已发布第 {number} 号密钥集，立即启用（没有上级）；此前的密钥再有效一小时", "key set {number} is published and used at once, since there is no parent; the keys before count for an hour more"},
	{CLIKeysRevokedRoot, "已发布第 {number} 号密钥集，立即启用（没有上级）；此前的密钥已作废", "key set {number} is published and used at once, since there is no parent; the keys before count no more"},
	{KeysInUse, "使用中", "in use"},
	{KeysWaiting, "待启用", "pending"},
	{KeysCounting, "过渡期", "replaced, still counts"},
	{KeysFormer, "已更换", "replaced"},
	{KeysRevoked, "已作废", "revoked"},

	{CLIShortKeysAcknowledge, "确认已处理有关本方密钥和上下级的警报", "End the alarms about the keys and the neighbours, once they are dealt with"},
	{CLILongKeysAcknowledge, "警报在确认之前一直保留，重启后仍在。确认后重新询问；情况没有改变的，警报会再次出现",
		"An alarm stands until it is acknowledged, also after a restart. From then on others are asked anew: what has not changed is an alarm again"},
	{CLIKeysAcknowledged, "已确认 {count} 个警报；将重新询问各方", "alarms that are ended: {count}; others are asked anew"},
	{CLIKeysNoAlarm, "没有待确认的警报", "there is no alarm to acknowledge"},
	{CLICheckAlarm, "警报：{title}。{what}。{do}（{code}）", "ALARM {title}: {what}. {do} ({code})"},
	{CLICheckLead, "线索（仅一处所称）：{title}。{what}。{do}（{code}）", "LEAD, by the word of one alone: {title}: {what}. {do} ({code})"},
	{CLICheckHeading, "他处认定的本方密钥", "what others believe of our keys"},
	{CLICheckSummary, "密钥核对：{name}（{relation}）于 {at} 答复：{answer}", "keys, asked end to end: {name} ({relation}) at {at}: {answer}"},
	{CLICheckAsked, "询问时间", "asked"},
	{CLICheckAnswer, "答复", "answer"},
	{CLICheckAlone, "最近一次抽取的行政区划都没有加入或联系不上：除上级外没有其他可问的", "none of those drawn last has joined or can be reached: there was nobody else to ask than those above"},
	{CLICheckNever, "尚未询问他处", "nobody was asked yet"},
	{CLICheckUnvouched, "没有旧恢复密钥的签署：认得本名称以前密钥的各地，至少到 {until} 不采信本方（上级及其一支除外；上级是根的，只有根除外）。找到那张纸后，停止节点，用加入时的邀请码执行 {program} join TOKEN --recovery，数秒内即被采信；已有其他副本的，先用 {program} replica remove 逐一移除，凭纸采信之后再邀请",
		"not signed with the old recovery key: those who knew earlier keys of this name do not believe these before {until}, or later, but for the parent and its branch (of a root: the root alone). If you find the paper, stop the node and run `{program} join TOKEN --recovery` with the invitation by which you joined: they believe them within seconds. Where there are other replicas by now, first take them out with `{program} replica remove`, and invite them again after that"},
	{CLICheckUnvouchedHosted, "没有旧恢复密钥的签署：认得本名称以前密钥的各地，至少到 {until} 不采信本方（上级及其一支除外；上级是根的，只有根除外）。找到那张纸后，执行 {program} --in {parent} host add {name} --recovery，数秒内即被采信",
		"not signed with the old recovery key: those who knew earlier keys of this name do not believe these before {until}, or later, but for the parent and its branch (of a root: the root alone). If you find the paper, run `{program} --in {parent} host add {name} --recovery`: they believe them within seconds"},
	{CheckGrandparent, "上级的上级", "above the parent"},
	{CheckParent, "上级", "parent"},
	{CheckOther, "随机抽取", "drawn by chance"},
	{CheckOurs, "第 {number} 号，与本方一致", "number {number}, ours"},
	{CheckOthers, "第 {number} 号，不是本方现用的", "number {number}, none of ours that count"},
	{CheckUnknownSigner, "不认可本方的签名密钥", "it does not believe our signing key"},
	{CheckOtherRecipient, "用不属于本方的公钥加密了答复", "it encrypts to a key that is not ours"},
	{CheckNothing, "没有结果：{problem}", "nothing: {problem}"},
}
