package text

import "net/http"

// Problems of key sets.
const (
	KeySetsWanted  Code = "key-sets-wanted"
	ChildDamaged   Code = "child-damaged"
	ChildHeld      Code = "child-held"
	KeySetsTooMany Code = "key-sets-too-many"
	KeySetsForked  Code = "key-sets-forked"
	KeysSuperseded Code = "keys-superseded"
	KeysPending    Code = "keys-pending"
	KeysTooSoon    Code = "keys-too-soon"
	ChainLong      Code = "chain-too-long"
	EpochOther     Code = "epoch-other"
	EpochsSpent    Code = "epochs-spent"
	RecoveryOther  Code = "recovery-other"
	RecoveryWord   Code = "recovery-word"
	RecoveryWords  Code = "recovery-words"
	RecoveryCount  Code = "recovery-count"
	RecoveryMixed  Code = "recovery-mixed"

	KeysBelievedOther Code = "keys-believed-other"
	KeysUnconfirmed   Code = "keys-unconfirmed"
	EndorsementStale  Code = "endorsement-stale"
	ParentCutOff      Code = "parent-cut-off"
)

var keysProblems = []problem{
	{
		number: 116, code: KeySetsWanted, status: http.StatusConflict, params: []string{"name", "number"},
		zh: parts{"缺少中间的密钥集", "上级要求补交{name}第 {number} 号之后的密钥集", "{name}", "无需处理：程序会从该编号起补交"},
		en: parts{"Earlier key sets needed", "the parent wants the key sets of {name} that come after number {number}", "{name}",
			"nothing need be done: the program shows those that are missing"},
	},
	{
		number: 117, code: ChildDamaged, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"下级的记录已损坏", "{jurisdiction}无法读取所存的{name}的记录，因此不与其往来；其他下级不受影响", "{jurisdiction}",
			"请检查磁盘，然后执行 xietong invite {name} --rekey 重新邀请"},
		en: parts{"Record of the child damaged", "{jurisdiction} cannot read what it keeps of {name}, and serves it no more; other children are served on",
			"{jurisdiction}", "check the disk, then invite it anew with `xietong invite {name} --rekey`"},
	},
	{
		number: 534, code: ChildHeld, status: http.StatusConflict, params: []string{"name", "jurisdiction", "entry"},
		zh: parts{"下级待出示最新密钥", "{jurisdiction}的账本丢失了部分条目，其中有对{name}最新密钥的背书（{entry}）；在{name}出示这些密钥之前，{jurisdiction}不采信它更早的密钥，不与其往来", "{jurisdiction}",
			"{name}的节点在运行、能连通的，会自动出示，无需处理；它是在失去的条目中加入的，或者更换了密钥而长期没有恢复的，请执行 xietong invite {name}（已加入过的加 --rekey），由它在原数据目录执行 xietong join TOKEN"},
		en: parts{"Newest keys of the child awaited", "{jurisdiction} lost entries of its ledger, and the endorsement of the newest keys of {name} is among them ({entry}); until {name} shows those keys, {jurisdiction} believes none from before, and has no link with it", "{jurisdiction}",
			"where the node of {name} runs and reaches its parent, it shows them by itself; if it joined in what is lost, or stays like this for long, run `xietong invite {name}` (with --rekey if it was a child before), and have it run `xietong join TOKEN` in the directory that it has"},
	},
	{
		number: 118, code: KeySetsTooMany, status: http.StatusTooManyRequests, params: []string{"name", "limit"},
		zh: parts{"密钥集过多", "{name}一天内出示的新密钥集超过 {limit} 个", "{name}", "请在{name}查明密钥为何频繁更换；明天会继续接受"},
		en: parts{"Too many key sets", "{name} showed more than {limit} new key sets in a day", "{name}",
			"find out at {name} why its keys change so often; more are taken tomorrow"},
	},
	{
		number: 119, code: KeySetsForked, status: http.StatusConflict, params: []string{"name", "jurisdiction", "number"},
		zh: parts{"密钥集出现分叉", "{name}出示的第 {number} 号密钥集与{jurisdiction}所背书的不同：可能有人盗用了{name}的密钥，或其数据目录由备份恢复，或这是{name}重新加入之前的旧机器", "{jurisdiction}",
			"请立即电话核对双方的指纹；是旧机器的，请停用；否则确认后由{jurisdiction}执行 xietong invite {name} --rekey"},
		en: parts{"Key sets forked", "number {number} of the key sets that {name} shows is not the one that {jurisdiction} endorsed: somebody may have its keys, its data directory was restored from a backup, or it is the old machine of {name}, which joined again since",
			"{jurisdiction}", "call one another at once and compare the fingerprints; switch an old machine off; else {jurisdiction} runs `xietong invite {name} --rekey`"},
	},
	{
		number: 167, code: KeysSuperseded, status: http.StatusConflict, params: []string{"name", "jurisdiction", "fingerprint", "since"},
		zh: parts{"旧机器的密钥仍在使用", "自 {since} 起，{jurisdiction}背书的是{name}的另一套密钥（指纹 {fingerprint}）；出示旧密钥的是{name}的旧机器，各地不再采信它", "{name}",
			"请停用旧机器。如果{name}没有重新加入过，就是有人以其名义换了密钥：请立即致电{jurisdiction}核实；{jurisdiction}另有上级的，也致电其上级"},
		en: parts{"An old machine is in use", "since {since} {jurisdiction} endorses another key set of {name} (fingerprint {fingerprint}); what shows the old one is the old machine of {name}, which nobody believes any more", "{name}",
			"switch the old machine off. If {name} did not join again, somebody changed its keys in its name: telephone {jurisdiction} at once, and the level above it if it has one"},
	},
	{
		number: 120, code: KeysPending, status: http.StatusConflict, params: []string{"jurisdiction", "number"},
		zh: parts{"新密钥尚未启用", "第 {number} 号密钥集已经发布，但上级尚未背书或尚未启用", "{jurisdiction}",
			"请用 xietong keys status 查看；与上级的连接恢复后会自动启用，然后再执行本命令；密钥泄露时请用 xietong keys revoke，立即生效"},
		en: parts{"New keys not in use yet", "key set {number} is published, and not endorsed by the parent or not in use yet", "{jurisdiction}",
			"see `xietong keys status`; it comes into use by itself once the parent is linked, then repeat the command; if a key was stolen, `xietong keys revoke` works at once"},
	},
	{
		number: 121, code: KeysTooSoon, status: http.StatusTooManyRequests, params: []string{"jurisdiction", "again"},
		zh: parts{"密钥刚刚生成或更换过", "密钥生成或更换后，一小时内不再更换（换恢复密钥的纸，一小时两次），一个月内更换多次后间隔更长，作废也是如此（连续两次立即生效，之后间隔一小时、一天、一周）", "{jurisdiction}",
			"请在 {again} 之后再试；密钥泄露时请用 xietong keys revoke；若作废也被拒绝，请查明是谁在反复作废"},
		en: parts{"Keys made or changed just now", "keys change an hour after they were made or changed at the earliest (with a new paper twice an hour), and less often after many changes in a month; revocations too, after two at once: after an hour, a day, a week",
			"{jurisdiction}", "again after {again}; if a key was stolen, `xietong keys revoke`; if that is what was refused, find out who revokes keys again and again"},
	},
	{
		number: 126, code: EpochOther, status: http.StatusConflict, params: []string{"name", "jurisdiction", "epoch"},
		zh: parts{"账本纪元不符", "{name}的新账本应从第 {epoch} 纪元开始，出示的密钥集却是别的纪元：一个纪元不能使用两次", "{jurisdiction}",
			"请把{name}未完成的数据目录移走，再用同一邀请码执行 xietong join"},
		en: parts{"Ledger of another epoch", "the new ledger of {name} begins with epoch {epoch}, and the key set shown is of another: an epoch is never used twice", "{jurisdiction}",
			"move the unfinished data directory of {name} away, and repeat `xietong join` with the same invitation"},
	},
	{
		number: 168, code: EpochsSpent, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"账本纪元已用完", "{name}更换全部密钥的次数过多：{jurisdiction}现在的账本已没有可用的新纪元，一个纪元不能使用两次", "{jurisdiction}",
			"请查明{name}为何一再更换全部密钥；原数据目录还在的，可在其中重新加入，密钥和数据都保留"},
		en: parts{"No epoch left", "{name} came with new keys so often that the ledger of {jurisdiction} has no epoch left for it: none is used twice", "{jurisdiction}",
			"find out why {name} changes all its keys again and again; if one of its data directories is there still, it joins again from that, and keys and data stay"},
	},
	{
		number: 127, code: RecoveryOther, status: http.StatusForbidden, params: []string{"name", "jurisdiction", "fingerprint"},
		zh: parts{"恢复密钥不符", "所输入的恢复密钥不是现在对{name}有效的那一个，后者的指纹是 {fingerprint}；换的新纸，在其密钥集启用 72 小时后才有效，此前仍以旧纸为准", "{jurisdiction}",
			"请核对纸上的名称和指纹，换用正确的纸；没有的话去掉 --recovery 再加入，其他地方 72 小时后采信"},
		en: parts{"Another recovery key", "the recovery key that was typed is not the one that counts for {name} now, whose fingerprint is {fingerprint}; a new paper counts when its key set has been in use for 72 hours, and the one before until then", "{jurisdiction}",
			"compare the name and the fingerprint on the paper, and take the right one; or join without --recovery, and others believe the new keys in 72 hours"},
	},
	{
		number: 128, code: RecoveryWord, status: http.StatusBadRequest, params: []string{"place"},
		zh: parts{"恢复密钥有错词", "第 {place} 个词不在词表中", "第 {place} 个词", "请对照纸面核对这个词，再输入一次；24 个词须同为中文或同为英文"},
		en: parts{"Mistyped word", "word {place} is not in the list", "word {place}", "compare it with the paper and type the words again; all 24 are English, or all Chinese"},
	},
	{
		number: 129, code: RecoveryWords, status: http.StatusBadRequest, params: []string{},
		zh: parts{"恢复密钥有误", "输入的不是一个恢复密钥：词都在词表中，但有词写错或次序颠倒", "恢复密钥", "请对照纸面逐个核对 24 个词及其次序，再输入一次"},
		en: parts{"Not a recovery key", "what was typed is no recovery key: a word is wrong, or two have changed places", "the recovery key",
			"compare all 24 words and their order with the paper, and type them again"},
	},
	{
		number: 134, code: KeysBelievedOther, status: http.StatusConflict, params: []string{"name", "believed", "own", "since"},
		zh: parts{"他处认定的密钥与本机不同", "自 {since} 起，{name}所认定的本行政区划密钥是 {believed}，本机的是 {own}：可能是上级对外背书了另一套密钥，也可能是本机由备份恢复", "{name}",
			"请立即电话联系{name}，核对双方的指纹（xietong keys status，加 --json 可取得对方签名的答复作为证据）；确属不同的，在查明之前不要传送敏感数据，并由上级查明后执行 xietong invite NAME --rekey；处理后执行 xietong keys acknowledge"},
		en: parts{"Others believe other keys", "since {since}, {name} believes {believed} to be this jurisdiction's keys, which are {own}: the parent may have endorsed other keys to others, or this data directory was restored from a backup",
			"{name}", "call {name} by telephone at once and compare the fingerprints (`xietong keys status`; with --json it gives the signed answer as evidence); if they differ, send nothing confidential until it is explained, and have the parent find out and run `xietong invite NAME --rekey`; then run `xietong keys acknowledge`"},
	},
	{
		number: 135, code: KeysUnconfirmed, status: http.StatusConflict, params: []string{"name", "since"},
		zh: parts{"无人证实本方的密钥", "自 {since} 起，与上级的连接正常，但三次询问{name}认定本方哪套密钥都没有结果：询问或答复可能被途中扣下，也可能是对方的节点不答复", "{name}",
			"请电话联系{name}，核对双方的指纹（xietong keys status），并请其查看节点是否正常；处理后执行 xietong keys acknowledge"},
		en: parts{"Nobody confirms the keys", "since {since} three questions to {name}, which keys it believes to be this jurisdiction's, came to nothing while the link to the parent was up: somebody on the way may withhold them, or its node does not answer",
			"{name}", "call {name} by telephone and compare the fingerprints (`xietong keys status`), and have it look after its node; then run `xietong keys acknowledge`"},
	},
	{
		number: 136, code: EndorsementStale, status: http.StatusConflict, params: []string{"name", "since"},
		zh: parts{"上级背书未按日续期", "{name}自 {since} 起没有续期对本行政区划的背书；背书应当每天续期，到期后各方不再认可本方", "{name}",
			"请用 xietong tree 查看与上级的连接；连接正常的，请{name}的管理员查看其节点"},
		en: parts{"Endorsement not renewed", "{name} has not renewed its endorsement of this jurisdiction since {since}; it is renewed every day, and once it ends nobody believes this jurisdiction",
			"{name}", "see the link to the parent with `xietong tree`; if it is up, the administrator of {name} should look after its node"},
	},
	{
		number: 453, code: ParentCutOff, status: http.StatusConflict, params: []string{"name", "above", "since"},
		zh: parts{"上级与它的上级断开", "自 {since} 起，{name}没有再得到{above}的确认：两方断了连接，或者{above}已撤回对{name}的背书；本方与{name}及其下级以外的往来因此都到不了", "{name}",
			"请致电{name}的管理员，请其用 xietong tree 查明原因；本方无须改动"},
		en: parts{"Parent cut off", "since {since} {above} has not confirmed {name} any more: they are not linked, or {above} has withdrawn {name}; so nothing goes beyond {name} and the places below it",
			"{name}", "call the administrator of {name}, who sees why with `xietong tree`; here nothing has to be changed"},
	},
	{
		number: 142, code: ChainLong, status: http.StatusConflict, params: []string{"jurisdiction", "length", "limit"},
		zh: parts{"密钥链过长", "{jurisdiction}的密钥链为 {length} KiB，上限是 {limit} KiB：再长则下级无法续期、加入，存证凭证也无法验证", "{jurisdiction}",
			"请根节点的管理员不再执行 xietong keys renew：到期的密钥会自动更换，泄露的仍可作废；并查明更换频繁的原因，及早筹建新的根"},
		en: parts{"Chain of keys too long", "the chain of keys of {jurisdiction} has {length} KiB, and {limit} KiB is the limit: beyond it no child can renew or join, and no receipt verifies",
			"{jurisdiction}", "at the root, run `xietong keys renew` no more: keys are renewed by themselves, and stolen ones can still be revoked; find out why they changed so often, and plan a new root in time"},
	},
	{
		number: 152, code: RecoveryCount, status: http.StatusBadRequest, params: []string{"count"},
		zh: parts{"恢复密钥词数不对", "读到 {count} 个词，应为 24 个", "恢复密钥", "请对照纸面查看是否漏了词或多了词，再输入一次"},
		en: parts{"Not 24 words", "{count} [word was|words were] read, and not 24 words", "the recovery key", "see on the paper which word is missing or too many, and type them again"},
	},
	{
		number: 153, code: RecoveryMixed, status: http.StatusBadRequest, params: []string{"place"},
		zh: parts{"恢复密钥中英混用", "第 {place} 个词与其余的词不是同一种文字", "第 {place} 个词", "24 个词须同为中文或同为英文，请照纸面再输入一次"},
		en: parts{"Mixed languages", "word {place} is not in the language of the others", "word {place}", "all 24 are English, or all Chinese: type them again as they stand on the paper"},
	},
}
